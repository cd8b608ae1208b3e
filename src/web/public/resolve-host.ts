import { normaliseDomain, type Subdomains } from '../../instances/domains/domain.ts';
import type { InstanceNames } from '../../instances/lookup/instance-map.ts';
import type { MappedInstance } from '../../instances/lookup/mapped-instance.ts';

/** What a host means. */
export type ResolvedHost =
  | { readonly kind: 'nobody' }
  /** Somebody's former domain; `host` has taken its place, in the form in which browsers ask for it. */
  | { readonly kind: 'former'; readonly host: string }
  | { readonly kind: 'instance'; readonly instance: MappedInstance };

const NOBODY: ResolvedHost = { kind: 'nobody' };

/** What may stand in a header `Host`; names beyond ASCII come in Punycode. */
const ASCII_HOST = /^[\x21-\x7e]{1,1024}$/;

/** Applications have such names; others are not written into a redirect. */
const SLUG = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/**
 * Finds the instance of a host as a stack does (`docs/admin-api.md` §3): first as the application of an instance, then as
 * an instance, and each as a former domain after that. The port is part of the name.
 */
export function resolveHost(host: string, names: InstanceNames, subdomains: Subdomains): ResolvedHost {
  const name = normalised(host);
  if (name === undefined) return NOBODY;
  const app = splitApp(name, subdomains);
  const found = app && resolveName(app.parent, names, subdomains);
  if (app !== undefined && found !== undefined && found.kind !== 'nobody')
    return ofApp(found, app.slug, subdomains);
  return resolveName(name, names, subdomains) ?? NOBODY;
}

/** @returns undefined for what is no name that an instance could have */
function normalised(host: string): string | undefined {
  if (!ASCII_HOST.test(host)) return undefined;
  try {
    return normaliseDomain(host, 'nested');
  } catch {
    return undefined;
  }
}

/** The host of an instance, and the application of it, that a host could be. */
function splitApp(
  name: string,
  subdomains: Subdomains,
): { readonly parent: string; readonly slug: string } | undefined {
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  const first = name.slice(0, dot);
  const rest = name.slice(dot + 1);
  if (subdomains === 'nested') return { parent: rest, slug: first };
  const hyphen = first.indexOf('-');
  if (hyphen < 0 || hyphen === first.length - 1) return undefined;
  return { parent: `${first.slice(0, hyphen)}.${rest}`, slug: first.slice(hyphen + 1) };
}

/** @returns undefined where a stack would fail, or go on with another name */
function resolveName(name: string, names: InstanceNames, subdomains: Subdomains): ResolvedHost | undefined {
  // With flat subdomains, what has a hyphen there is always an application.
  if (subdomains === 'flat' && (name.split('.')[0] ?? '').includes('-')) return undefined;
  const owner = names.owner(name);
  if (owner === 'unreadable') return undefined;
  if (owner !== undefined) return { kind: 'instance', instance: owner };
  const heir = names.formerOwner(name);
  if (heir === undefined || heir === 'unreadable' || heir.standing.state === 'deleting') return undefined;
  // What nobody finds under its new name either would be sent here again.
  const asked = browserHost(heir.domain);
  const current = asked && normalised(asked);
  if (asked === undefined || current === undefined || names.owner(current) === undefined) return undefined;
  return { kind: 'former', host: asked };
}

/** The form in which browsers ask for a domain; undefined for what they would not take for one. */
export function browserHost(domain: string): string | undefined {
  const text = `http://${domain}`;
  if (!URL.canParse(text)) return undefined;
  const { href, host } = new URL(text);
  return href === `http://${host}/` ? host : undefined;
}

function ofApp(found: ResolvedHost, slug: string, subdomains: Subdomains): ResolvedHost {
  if (found.kind !== 'former') return found;
  if (!SLUG.test(slug)) return NOBODY;
  if (subdomains === 'nested') return { kind: 'former', host: `${slug}.${found.host}` };
  return { kind: 'former', host: found.host.replace(/^[^.]*/, (first) => `${first}-${slug}`) };
}
