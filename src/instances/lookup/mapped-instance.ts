import type { CouchDocument } from '../../couchdb/documents.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { isReservation } from '../documents/reservation.ts';
import { classifyDocument } from './classify-document.ts';

/** What the owner of an instance meets there. */
export type Standing =
  /** It is being made. */
  | { readonly state: 'provisioning' }
  | { readonly state: 'deleting' }
  /** Its owner has taken it to another server. */
  | { readonly state: 'moved' }
  /** Any text may be a reason, an empty one too (`docs/cozy-data.md` §6.3). */
  | { readonly state: 'blocked'; readonly reason: string }
  /** Its owner has not chosen a passphrase yet. */
  | { readonly state: 'onboarding' }
  | { readonly state: 'ready' };

/** What is kept of the document of an instance; no secret is. */
export interface MappedInstance {
  /** `_id` of its document. */
  readonly id: string;
  readonly domain: string;
  readonly oldDomain: string | undefined;
  readonly locale: string;
  readonly contextName: string | undefined;
  readonly standing: Standing;
}

/** What a document of `global/instances` says about hosts. */
export interface NamedDocument {
  /** Domain and aliases, as they are written. */
  readonly names: readonly string[];
  readonly oldDomain: string | undefined;
  /** Undefined where the document cannot be read. */
  readonly instance: MappedInstance | undefined;
}

/** Characters that are kept of a text that somebody may have made as long as a document. */
const LONGEST_TEXT = 1_000;

/** Reads a document the way the stack's index of domains and aliases does: by the exact names of its fields. */
export function nameDocument(document: CouchDocument): NamedDocument {
  const result = classifyDocument({ _rev: '', ...document });
  const { domain, domain_aliases: aliases, old_domain: oldDomain } = document;
  const written: readonly unknown[] = [domain, ...(Array.isArray(aliases) ? aliases : [])];
  return {
    names: [...new Set(written.filter(isName))],
    oldDomain: isName(oldDomain) ? oldDomain : undefined,
    instance: result.readable ? mapInstance(result.instance) : undefined,
  };
}

function mapInstance(instance: StoredInstance): MappedInstance {
  const { _id: id, domain, old_domain: oldDomain, locale, context } = instance;
  return {
    id,
    domain: bounded(domain),
    oldDomain: oldDomain ? bounded(oldDomain) : undefined,
    locale: bounded(locale),
    contextName: context ? bounded(context) : undefined,
    standing: standingOf(instance),
  };
}

/** A reservation comes first: what else is written into it says nothing of an instance that nobody has used. */
function standingOf(instance: StoredInstance): Standing {
  if (isReservation(instance)) return { state: 'provisioning' };
  if (instance.deleting) return { state: 'deleting' };
  if (instance.moved) return { state: 'moved' };
  if (instance.blocked) return { state: 'blocked', reason: bounded(instance.blocking_reason ?? '') };
  return { state: instance.onboarding_finished ? 'ready' : 'onboarding' };
}

/** What is longer is no name of a host, and is not kept. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_TEXT;
}

/** A part of a text keeps all of it in memory, unless it is written anew. */
function bounded(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  return Buffer.from(text.slice(0, LONGEST_TEXT)).toString('utf8');
}
