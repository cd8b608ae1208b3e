import { parseSource } from '../../apps/app-source.ts';
import { defined } from '../../defined.ts';
import { InputError } from '../../errors.ts';
import type { Subdomains } from '../domains/domain.ts';
import { formerDomain, newDomain, organizationDomain } from '../domains/new-domain.ts';
import { plausible } from '../values/plausible.ts';
import { kindOfSetting } from '../values/value-kinds.ts';
import { parseFirstFlags } from './feature-flags.ts';
import { INSTANCE_FLAGS, type InstanceFlag, type RawOptions } from './flags.ts';
import {
  parseAddress,
  parseAuthMode,
  parseBoolean,
  parseCluster,
  parseLocale,
  parseNames,
  parsePhone,
  parseQuota,
  parseReason,
  parseWords,
  splitList,
} from './option-values.ts';
import { type InstanceOptions, instanceOptions } from './options.ts';
import { type OptionProblem, RowReader } from './row-reader.ts';
import { type MovedSettings, type ParsedSettings, parseSettingsString } from './settings-string.ts';
import type { SkeletonOrder } from './skeleton-order.ts';
import { normaliseTos, requireDatedTos } from './tos.ts';

/** What the configuration says about which options are good. */
export interface ParsingRules {
  readonly subdomains: Subdomains;
  /** How many CouchDB clusters are configured, 1 or more. */
  readonly clusters: number;
  /** Names of the contexts that are configured; undefined where they are not known. */
  readonly contexts?: readonly string[];
  /** Whether members of an organization may come without address and name, which follow later. */
  readonly incompleteMembers?: boolean;
  /** What new instances get as their first files; absent = nothing. */
  readonly skeleton?: SkeletonOrder | undefined;
  /** How many bytes these files take, by the locale of an instance; absent where they get none. */
  readonly skeletonBytes?: (locale: string) => number;
}

export interface ParsedOptions {
  readonly options: InstanceOptions;
  /** In clear text, kept apart so that it never travels with the options. */
  readonly passphrase: string | undefined;
}

/** Everything that is wrong with the options of one instance. */
export class InvalidOptions extends InputError {
  readonly problems: readonly OptionProblem[];

  constructor(problems: readonly OptionProblem[]) {
    const [first] = problems;
    const message = problems.map((problem) => `${problem.column}: ${problem.message}`).join('; ');
    super('invalid_options', message, first && { column: first.column });
    this.problems = problems;
  }
}

/** Whether it is an InvalidOptions that has nothing to say but about that column. */
export function isOnlyAbout(error: unknown, column: string): boolean {
  return error instanceof InvalidOptions && error.problems.every((problem) => problem.column === column);
}

const asGiven = (text: string) => text;

function readDomain(row: RowReader<InstanceFlag>, { subdomains }: ParsingRules): string {
  if (row.text('domain') === undefined && !row.isBad('domain')) row.report('domain', 'a domain is needed');
  return row.read('domain', (text) => newDomain(text, subdomains)) ?? '';
}

/** The aliases, normalised, each once. */
export function readAliases(row: RowReader<'domain-aliases'>, { subdomains }: ParsingRules): string[] {
  const column = 'domain-aliases';
  const aliases = splitList(row.text(column) ?? '').flatMap((text) => {
    const alias = row.attempt(column, text, (given) => newDomain(given, subdomains));
    return alias === undefined ? [] : [alias];
  });
  return [...new Set(aliases)];
}

function readOtherNames(row: RowReader<InstanceFlag>, domain: string, rules: ParsingRules): string[] {
  const aliases = readAliases(row, rules);
  if (aliases.includes(domain)) {
    row.report(
      'domain-aliases',
      `Instance already exists: the alias ${JSON.stringify(domain)} is the domain itself`,
    );
  }
  return aliases;
}

function readApps(row: RowReader<InstanceFlag>): string[] {
  const apps = [...new Set(row.read('apps', parseWords) ?? [])];
  for (const app of apps) row.attempt('apps', app, parseSource);
  return apps;
}

function readLocale(row: RowReader<InstanceFlag>, moved: MovedSettings): string {
  const given = row.text('locale') !== undefined;
  const locale = given
    ? row.read('locale', parseLocale)
    : row.readWithOverride(moved.locale, 'locale', parseLocale);
  return locale ?? 'en';
}

/** Content of the settings document: that of the Settings string, and the flags that win over it. */
export function readSettings(
  row: RowReader<'settings' | 'tz' | 'email' | 'public-name' | 'phone'>,
  fromString: Record<string, string>,
): Record<string, string> {
  for (const key of Object.keys(fromString)) {
    if (key.startsWith('_')) {
      row.report(
        'settings',
        `the key ${JSON.stringify(key)} begins with "_", which CouchDB keeps for itself`,
      );
    }
  }
  const tz = row.text('tz');
  const email = row.read('email', parseAddress) ?? row.attempt('settings', fromString['email'], parseAddress);
  const publicName = row.text('public-name');
  const phone = row.read('phone', parsePhone) ?? row.attempt('settings', fromString['phone'], parsePhone);
  return {
    ...fromString,
    ...defined({ tz, email, public_name: publicName, phone }),
  };
}

/** The Settings string, with each of its keys and values looked at by itself. */
export function readSettingsString(row: RowReader<'settings'>): ParsedSettings {
  return parseSettingsString(row.text('settings') ?? '', (key, value) => {
    const name = row.attempt('settings', key, (text) => plausible('word', text)) ?? '';
    return [name, row.attempt('settings', value, (text) => plausible(kindOfSetting(name), text)) ?? ''];
  });
}

/**
 * For any of its members a stack reads address and name of every instance of an organization, and gives up
 * where one lacks them.
 */
function requireOfMembers(row: RowReader<InstanceFlag>, settings: Readonly<Record<string, string>>): void {
  if (row.text('org-id') === undefined && row.text('org-domain') === undefined) return;
  const needed = { email: settings['email'], 'public-name': settings['public_name'] };
  for (const [column, value] of Object.entries(needed)) {
    if (value || row.isBad(column)) continue;
    row.report(column, 'an instance of an organization (org-id, org-domain) needs it');
  }
}

/** `false` is what an instance is without a passphrase; with one it would look like an unfinished creation. */
function readWelcome(row: RowReader<InstanceFlag>): true | undefined {
  const isFinished = row.read('onboarding-finished', parseBoolean);
  if (isFinished === false && row.text('passphrase') !== undefined) {
    row.report(
      'onboarding-finished',
      'an instance with a passphrase is finished; take it back later: cozy-fleet instances modify --onboarding-finished=false',
    );
  }
  return isFinished === true ? true : undefined;
}

/** A reason alone means blocked, unlike in the stack (`ARCHITECTURE.md` §6.2); an explicit `false` makes it void. */
function readBlocking(row: RowReader<InstanceFlag>): Pick<InstanceOptions, 'blocked' | 'blockingReason'> {
  const blockingReason = row.read('blocking-reason', parseReason);
  const blocked = row.read('blocked', parseBoolean) ?? (blockingReason === undefined ? undefined : true);
  return blocked ? { blocked, blockingReason } : { blocked };
}

/**
 * Checks and normalises the options of one instance, by the stack's rules (`docs/cozy-data.md` §2.3,
 * §3.1, §6.2; `docs/admin-api.md` §1.3, §2.4) and without its quirks (`ARCHITECTURE.md` §6.2). Keys that are no
 * flag are not looked at: the reader of a file checks its header against `INSTANCE_FLAGS`.
 *
 * @throws InvalidOptions with all that is wrong, in the order it was found; no message holds a passphrase
 */
export function parseInstanceOptions(raw: RawOptions, rules: ParsingRules): ParsedOptions {
  const row = new RowReader(raw, INSTANCE_FLAGS);
  const passphrase = row.text('passphrase');
  const { settings: fromString, moved } = readSettingsString(row);
  const domain = readDomain(row, rules);
  const settings = readSettings(row, fromString);
  if (rules.incompleteMembers !== true) requireOfMembers(row, settings);

  if (row.text('swift-layout') !== undefined) {
    row.report('swift-layout', 'instances are made on file storage only, which has no Swift layout');
  }

  const options: InstanceOptions = {
    domain,
    aliases: readOtherNames(row, domain, rules),
    locale: readLocale(row, moved),
    // A hyphen in the first label is fine here: the old domain may come from a platform set up otherwise.
    oldDomain: row.read('old-domain', formerDomain),
    orgDomain: row.read('org-domain', organizationDomain),
    orgId: row.text('org-id'),
    uuid: row.readWithOverride(moved.uuid, 'uuid', asGiven),
    oidcId: row.readWithOverride(moved.oidcId, 'oidc_id', asGiven),
    franceconnectId: row.text('franceconnect_id'),
    context: row.readWithOverride(moved.context, 'context-name', asGiven),
    sponsorships: row.read('sponsorships', parseNames),
    featureSets: row.read('feature-sets', parseNames),
    featureFlags: row.read('feature-flags', parseFirstFlags),
    tos: row.readWithOverride(moved.tos, 'tos', normaliseTos),
    tosLatest: row.readWithOverride(moved.tosLatest, 'tos-latest', requireDatedTos),
    authMode: row.readWithOverride(moved.authMode, 'auth-mode', parseAuthMode),
    autoUpdate: moved.autoUpdate ?? row.read('auto-update', parseBoolean),
    magicLink: row.read('magic_link', parseBoolean),
    ...readBlocking(row),
    onboardingFinished: readWelcome(row),
    couchCluster: row.read('couch-cluster', (text) => parseCluster(text, rules.clusters)),
    diskQuota: row.read('disk-quota', parseQuota),
    settings,
    apps: readApps(row),
    skeleton: rules.skeleton,
    hasPassphrase: passphrase !== undefined,
  };

  if (row.problems.length > 0) throw new InvalidOptions(row.problems);
  return { options: instanceOptions.parse(defined(options)), passphrase };
}
