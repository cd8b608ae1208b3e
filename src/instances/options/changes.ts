import * as z from 'zod';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import { normaliseDomain } from '../domains/domain.ts';
import { formerDomain, organizationDomain } from '../domains/new-domain.ts';
import { flagsMap, parseFlags } from './feature-flags.ts';
import { CHANGE_FLAGS, type RawOptions } from './flags.ts';
import {
  parseAuthMode,
  parseBoolean,
  parseLocale,
  parseQuota,
  parseReason,
  parseWords,
} from './option-values.ts';
import { instanceOptions } from './options.ts';
import {
  InvalidOptions,
  type ParsingRules,
  readAliases,
  readSettings,
  readSettingsString,
} from './parse-options.ts';
import { RowReader } from './row-reader.ts';
import { normaliseTos, requireDatedTos } from './tos.ts';

const text = z.string().min(1);

/** Keys that begin with "_" are CouchDB's. */
const settingsKey = z.string().regex(/^(?!_)/);

/**
 * What is to become of an instance that exists, checked and normalised; no secrets. What is absent stays
 * as it is. Plain JSON, to travel in payloads.
 */
export const instanceChanges = z.strictObject({
  locale: text.optional(),
  uuid: text.optional(),
  oidcId: text.optional(),
  franceconnectId: text.optional(),
  oldDomain: text.optional(),
  orgDomain: text.optional(),
  orgId: text.optional(),
  context: text.optional(),
  /** `false` takes the reason away, too. */
  blocked: z.boolean().optional(),
  /** It alone means blocked. */
  blockingReason: text.optional(),
  /** All aliases that the instance is to have, normalised, each once. */
  aliases: z.array(text).optional(),
  /** All that the instance is to have. */
  sponsorships: z.array(text).optional(),
  /** All that the instance is to have. */
  featureSets: z.array(text).optional(),
  /** Merged into the instance's own; null takes one away. */
  featureFlags: flagsMap.optional(),
  /** Bytes; `null` = unlimited. */
  diskQuota: z.int().positive().nullable().optional(),
  authMode: instanceOptions.shape.authMode,
  autoUpdate: z.boolean().optional(),
  magicLink: z.boolean().optional(),
  onboardingFinished: z.boolean().optional(),
  tos: text.optional(),
  /** Only kept where its major version is not signed yet. */
  tosLatest: text.optional(),
  /** Merged into the settings document. */
  settings: z.record(settingsKey, z.string()).optional(),
  /** Takes back a deletion that did not end; goes alone. Only a destruction sets the flag. */
  deleting: z.literal(false).optional(),
});

export type InstanceChanges = Readonly<z.infer<typeof instanceChanges>>;

export interface ParsedChanges {
  /** Normalised; the instance may have it as an alias. */
  readonly domain: string;
  readonly changes: InstanceChanges;
}

type ChangeRow = RowReader<(typeof CHANGE_FLAGS)[number]>;

const asGiven = (value: string) => value;

/**
 * Checks and normalises changes of one instance, by the stack's rules (`docs/cozy-data.md` §6.3) and
 * without its quirks: what is not given stays, `magic_link` too; a quota of 0 is none, as in
 * `set-disk-quota`; unblocking takes the reason away. An empty text is the same as none, so that a cell of
 * a file changes nothing; a list of nothing but commas takes all of its items away.
 *
 * @throws InvalidOptions with all that is wrong
 * @throws InputError `no_changes`
 */
export function parseChanges(raw: RawOptions, rules: ParsingRules): ParsedChanges {
  const row: ChangeRow = new RowReader(raw, CHANGE_FLAGS, 'domain');
  const domain = readDomain(row);
  const { settings: fromString, moved } = readSettingsString(row);
  const settings = readSettings(row, fromString);
  const changes = defined({
    locale: row.readWithOverride(moved.locale, 'locale', parseLocale),
    uuid: row.readWithOverride(moved.uuid, 'uuid', asGiven),
    oidcId: row.readWithOverride(moved.oidcId, 'oidc_id', asGiven),
    franceconnectId: row.text('franceconnect_id'),
    // A hyphen in the first label is fine here: the old domain may come from a platform set up otherwise.
    oldDomain: row.read('old-domain', formerDomain),
    orgDomain: row.read('org-domain', organizationDomain),
    orgId: row.text('org-id'),
    context: row.readWithOverride(moved.context, 'context-name', asGiven),
    ...readBlocking(row),
    aliases: row.text('domain-aliases') === undefined ? undefined : readAliases(row, rules),
    sponsorships: row.read('sponsorships', parseWords),
    featureSets: row.read('feature-sets', parseWords),
    featureFlags: row.read('feature-flags', parseFlags),
    diskQuota: row.read('disk-quota', (value) => parseQuota(value) ?? null),
    authMode: row.readWithOverride(moved.authMode, 'auth-mode', parseAuthMode),
    autoUpdate: moved.autoUpdate ?? row.read('auto-update', parseBoolean),
    magicLink: row.read('magic_link', parseBoolean),
    onboardingFinished: row.read('onboarding-finished', parseBoolean),
    tos: row.readWithOverride(moved.tos, 'tos', normaliseTos),
    tosLatest: row.readWithOverride(moved.tosLatest, 'tos-latest', requireDatedTos),
    settings: Object.keys(settings).length === 0 ? undefined : settings,
  });
  const deleting = readDeleting(row, Object.keys(changes).length > 0);

  if (row.problems.length > 0) throw new InvalidOptions(row.problems);
  if (deleting !== undefined) return { domain, changes: { deleting } };
  if (Object.keys(changes).length === 0) {
    throw new InputError('no_changes', 'Nothing to change was given', {}, 'Give at least one change.');
  }
  return { domain, changes: instanceChanges.parse(changes) };
}

/** What exists may come from a time of other rules about subdomains. */
function readDomain(row: ChangeRow): string {
  if (row.text('domain') === undefined && !row.isBad('domain')) row.report('domain', 'a domain is needed');
  return row.read('domain', (value) => normaliseDomain(value, 'nested')) ?? '';
}

function readBlocking(row: ChangeRow): Pick<InstanceChanges, 'blocked' | 'blockingReason'> {
  const blockingReason = row.read('blocking-reason', parseReason);
  const blocked = row.read('blocked', parseBoolean);
  if (blocked === false && blockingReason !== undefined) {
    row.report('blocking-reason', 'an instance that is not to be blocked has no reason');
  }
  return { blocked: blocked ?? (blockingReason === undefined ? undefined : true), blockingReason };
}

function readDeleting(row: ChangeRow, goesWithOthers: boolean): false | undefined {
  const deleting = row.read('deleting', parseBoolean);
  if (deleting === undefined) return undefined;
  if (deleting) {
    row.report('deleting', 'only a destruction marks an instance so: use cozy-fleet instances destroy');
  } else if (goesWithOthers) {
    row.report('deleting', 'it takes back a deletion and goes alone: make the other changes afterwards');
  }
  return false;
}
