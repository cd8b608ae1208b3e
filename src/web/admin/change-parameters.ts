import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { normaliseDomain, type Subdomains } from '../../instances/domains/domain.ts';
import { formerDomain, newDomain } from '../../instances/domains/new-domain.ts';
import { type InstanceChanges, instanceChanges } from '../../instances/options/changes.ts';
import { parseReason } from '../../instances/options/option-values.ts';
import { AUTH_MODES, type AuthMode } from '../../instances/options/options.ts';
import { type MovedSettings, parseSettingsString } from '../../instances/options/settings-string.ts';
import { normaliseTos, requireDatedTos } from '../../instances/options/tos.ts';
import { nameOf, unusableIn } from '../../instances/values/characters.ts';
import { invalidParameter, plainError, unreadableParameter } from './messages/error-json.ts';
import { booleanOf, listOf, type Query } from './messages/query.ts';

/** The longest text of a parameter; headers are no longer than 16 KiB in all. */
const MOST_CHARACTERS = 8_192;

/** The flag is to be set, which no other change of ours does. */
export interface DeletingMark {
  readonly deleting: true;
}

/**
 * What the parameters of a PATCH ask for (`docs/admin-api.md` §2.5), read as a stack reads them: what it passes over is
 * passed over, and any locale, context or id will do. Refused is what would break data, or what no program could mean.
 * @param instance as it is: the aliases that it has already may stay, whatever they look like
 * @throws AnswerError 400 or 422; InputError `bad_tos`, `illegal_domain`
 */
export function changesOf(
  query: Query,
  instance: StoredInstance,
  subdomains: Subdomains,
): InstanceChanges | DeletingMark {
  const deleting = booleanOf(query, 'Deleting');
  // A stack looks at nothing else then.
  if (deleting !== undefined) return deleting ? { deleting } : { deleting };
  refuseUnusable(query);
  const { settings, moved } = settingsOf(query);
  const [tos, tosLatest] = [moved.tos || query.get('TOSSigned'), moved.tosLatest || query.get('TOSLatest')];
  const changes = defined({
    locale: moved.locale || query.get('Locale'),
    uuid: moved.uuid || query.get('UUID'),
    oidcId: moved.oidcId || query.get('OIDCID'),
    franceconnectId: query.get('FranceConnectID'),
    oldDomain: attempt('OldDomain', query.get('OldDomain'), formerDomain),
    context: moved.context || query.get('ContextName'),
    ...blockingOf(query, instance),
    aliases: aliasesOf(query, instance, subdomains),
    sponsorships: listOf(query, 'Sponsorships')?.filter((each) => each !== ''),
    diskQuota: quotaOf(query),
    authMode: authModeOf(moved),
    autoUpdate: moved.autoUpdate,
    magicLink: booleanOf(query, 'MagicLink'),
    onboardingFinished: booleanOf(query, 'OnboardingFinished'),
    tos: tos && normaliseTos(tos),
    tosLatest: tosLatest && requireDatedTos(tosLatest),
    settings: Object.keys(settings).length === 0 ? undefined : settings,
  });
  return instanceChanges.parse(changes);
}

function refuseUnusable(query: Query): void {
  for (const [name, value] of query) {
    if (value.length > MOST_CHARACTERS) throw invalidParameter(name, 'The value is too long');
    const unusable = unusableIn(value);
    if (unusable !== undefined) {
      throw invalidParameter(name, `The value contains the character ${nameOf(unusable)}`);
    }
  }
}

/** Fields of the settings: those of the Settings text, over which its own parameters win (`docs/cozy-data.md` §3.1). */
function settingsOf(query: Query): { settings: Record<string, string>; moved: MovedSettings } {
  const { settings, moved } = parseSettingsString(query.get('Settings') ?? '');
  if (Object.keys(settings).some((key) => key.startsWith('_'))) {
    throw invalidParameter('Settings', 'A key begins with "_", which CouchDB keeps for itself');
  }
  const own = defined({
    tz: query.get('Timezone'),
    email: query.get('Email'),
    public_name: query.get('PublicName'),
    phone: query.get('Phone'),
  });
  return { settings: { ...settings, ...own }, moved };
}

/** A reason alone blocks nobody: a stack keeps it, and so do we where the instance is blocked already. */
function blockingOf(
  query: Query,
  instance: StoredInstance,
): Pick<InstanceChanges, 'blocked' | 'blockingReason'> {
  const blocked = booleanOf(query, 'Blocked');
  if (!(blocked ?? instance.blocked === true)) return blocked === undefined ? {} : { blocked };
  const blockingReason = attempt('BlockingReason', query.get('BlockingReason'), parseReason);
  return defined({ blocked, blockingReason });
}

/** A list of nothing but commas takes all away, as in a stack. */
function aliasesOf(query: Query, instance: StoredInstance, subdomains: Subdomains): string[] | undefined {
  const items = listOf(query, 'DomainAliases')?.filter((item) => item !== '');
  if (items === undefined) return undefined;
  const aliases = items.map((item) => {
    // What it has may come from a time of other rules.
    const known = normaliseDomain(item, 'nested');
    return instance.domain_aliases?.includes(known) ? known : newDomain(item, subdomains);
  });
  return [...new Set(aliases)];
}

/** 0 changes nothing, and −1 takes the quota away; other negative numbers mean nothing. */
function quotaOf(query: Query): number | null | undefined {
  const text = query.get('DiskQuota');
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,19}$/.test(text)) throw invalidParameter('DiskQuota', 'The quota is no number of bytes');
  const bytes = Number(text);
  if (!Number.isSafeInteger(bytes)) throw invalidParameter('DiskQuota', 'The quota is too large');
  if (bytes === -1) return null;
  return bytes > 0 ? bytes : undefined;
}

function authModeOf({ authMode }: MovedSettings): AuthMode | undefined {
  return authMode === undefined ? undefined : readAuthMode(authMode);
}

/** @throws AnswerError 400 in a stack's words */
export function readAuthMode(text: unknown): AuthMode {
  const mode = AUTH_MODES.find((each) => each === text);
  if (mode === undefined) throw plainError(400, 'Unknown authentication mode');
  return mode;
}

function attempt<T>(name: string, text: string | undefined, parse: (text: string) => T): T | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) throw unreadableParameter(name, error.message);
    throw error;
  }
}
