import { InputError } from '../errors.ts';
import { normaliseDomain, type Subdomains } from './domain.ts';
import { parseGoBool } from './go-bool.ts';
import { type InstanceOptions, instanceOptions } from './options.ts';
import { parseSize } from './quota.ts';
import { type MovedSettings, parseSettingsString } from './settings-string.ts';
import { normaliseTos, requireDatedTos } from './tos.ts';

/** The flags of `instances add`, which are also the columns of a file, in the order they are shown. */
export const INSTANCE_FLAGS = [
  'domain',
  'domain-aliases',
  'old-domain',
  'org-domain',
  'org-id',
  'locale',
  'uuid',
  'oidc_id',
  'franceconnect_id',
  'magic_link',
  'tos',
  'tos-latest',
  'tz',
  'context-name',
  'sponsorships',
  'feature-sets',
  'email',
  'public-name',
  'phone',
  'settings',
  'couch-cluster',
  'disk-quota',
  'apps',
  'passphrase',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
  'swift-layout',
  'trace',
] as const;

export type InstanceFlag = (typeof INSTANCE_FLAGS)[number];

/** What the operator wrote, by flag name; an empty text is the same as none. */
export interface RawOptions {
  readonly [flag: string]: string | undefined;
}

/** What the configuration says about which options are good. */
export interface ParsingRules {
  readonly subdomains: Subdomains;
  /** How many CouchDB clusters are configured, 1 or more. */
  readonly clusters: number;
}

export interface ParsedOptions {
  readonly options: InstanceOptions;
  /** In clear text, kept apart so that it never travels with the options. */
  readonly passphrase: string | undefined;
}

export interface OptionProblem {
  readonly column: string;
  readonly message: string;
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f]/;
const LOCALE = /^[A-Za-z0-9_-]{1,35}$/;
const CLUSTER = /^(-1|\d{1,9})$/;
const SLUG = /^[a-z0-9-]+$/;
const APP_SOURCE = /^(registry|https?|file|git):\/\//;

/** `blocking_reason` of a reservation begins so (design §3): an operator's reason must not look like one. */
const RESERVED_REASON = 'PROVISIONING';

const AUTH_MODES = instanceOptions.shape.authMode.unwrap();

type AuthMode = NonNullable<InstanceOptions['authMode']>;

const badValue = (message: string) => new InputError('bad_value', message);

function splitList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

function parseNames(text: string): string[] | undefined {
  const names = splitList(text);
  return names.length > 0 ? names : undefined;
}

function parseLocale(text: string): string {
  if (LOCALE.test(text)) return text;
  throw badValue(`${JSON.stringify(text)} is not a locale such as "en" or "zh_CN"`);
}

function parseBoolean(text: string): boolean {
  const value = parseGoBool(text);
  if (value === undefined) throw badValue(`${JSON.stringify(text)} is neither "true" nor "false"`);
  return value;
}

function parseAuthMode(text: string): AuthMode {
  const mode = AUTH_MODES.safeParse(text);
  if (mode.success) return mode.data;
  const known = AUTH_MODES.options.join(', ');
  throw badValue(`Unknown authentication mode ${JSON.stringify(text)}, use one of ${known}`);
}

function parseCluster(text: string, clusters: number): number | undefined {
  if (!CLUSTER.test(text)) throw badValue(`${JSON.stringify(text)} is not the number of a CouchDB cluster`);
  const cluster = Number(text);
  if (cluster >= clusters) {
    throw badValue(`there is no CouchDB cluster ${cluster}: the highest configured is ${clusters - 1}`);
  }
  return cluster === -1 ? undefined : cluster;
}

function parseQuota(text: string): number | undefined {
  if (text.toLowerCase() === 'unlimited') return undefined;
  return parseSize(text) || undefined;
}

function parseReason(text: string): string {
  if (text.startsWith(RESERVED_REASON)) {
    throw badValue(`a blocking reason cannot begin with ${RESERVED_REASON}: that marks a creation under way`);
  }
  return text;
}

/** One row being read: hands out the values that can be used, and gathers what is wrong. */
class Row {
  readonly problems: OptionProblem[] = [];
  readonly #values = new Map<InstanceFlag, string>();

  constructor(raw: RawOptions) {
    for (const flag of INSTANCE_FLAGS) {
      const value = raw[flag] ?? '';
      if (CONTROL_CHARACTER.test(value)) {
        this.report(flag, 'it contains a control character, such as a line break or a tab');
      } else if (value !== '') {
        this.#values.set(flag, value);
      }
    }
  }

  report(column: string, message: string): void {
    this.problems.push({ column, message });
  }

  text(flag: InstanceFlag): string | undefined {
    return this.#values.get(flag);
  }

  /** Whether something is wrong in this column already. */
  isBad(column: string): boolean {
    return this.problems.some((problem) => problem.column === column);
  }

  /** The value of the flag as read by `parse`, whose InputError becomes a problem of the flag's column. */
  read<T>(flag: InstanceFlag, parse: (text: string) => T): T | undefined {
    return this.attempt(flag, this.text(flag), parse);
  }

  /** As `read`, but a value of the Settings string wins (`instance-data.md` §3.1). */
  readMoved<T>(moved: string | undefined, flag: InstanceFlag, parse: (text: string) => T): T | undefined {
    return moved ? this.attempt('settings', moved, parse) : this.read(flag, parse);
  }

  attempt<T>(column: string, text: string | undefined, parse: (text: string) => T): T | undefined {
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof InputError)) throw thrown;
      this.report(column, thrown.message);
      return undefined;
    }
  }
}

const asGiven = (text: string) => text;

function readDomain(row: Row, { subdomains }: ParsingRules): string {
  if (row.text('domain') === undefined && !row.isBad('domain')) row.report('domain', 'a domain is needed');
  return row.read('domain', (text) => normaliseDomain(text, subdomains)) ?? '';
}

function readAliases(row: Row, domain: string, { subdomains }: ParsingRules): string[] {
  const column = 'domain-aliases';
  const aliases = splitList(row.text(column) ?? '').flatMap((text) => {
    const alias = row.attempt(column, text, (given) => normaliseDomain(given, subdomains));
    return alias === undefined ? [] : [alias];
  });
  const unique = [...new Set(aliases)];
  if (unique.includes(domain)) {
    row.report(column, `Instance already exists: the alias ${JSON.stringify(domain)} is the domain itself`);
  }
  return unique;
}

function readApps(row: Row): string[] {
  const apps = [...new Set(splitList(row.text('apps') ?? ''))];
  for (const app of apps) {
    if (!SLUG.test(app) && !APP_SOURCE.test(app)) {
      row.report('apps', `${JSON.stringify(app)} is neither the slug nor the source of an application`);
    }
  }
  return apps;
}

function readLocale(row: Row, moved: MovedSettings): string {
  const given = row.text('locale') !== undefined;
  const locale = given ? row.read('locale', parseLocale) : row.readMoved(moved.locale, 'locale', parseLocale);
  return locale ?? 'en';
}

function readSettings(row: Row, fromString: Record<string, string>): Record<string, string> {
  for (const key of Object.keys(fromString)) {
    if (key.startsWith('_')) {
      row.report(
        'settings',
        `the key ${JSON.stringify(key)} begins with "_", which CouchDB keeps for itself`,
      );
    }
  }
  const tz = row.text('tz');
  const email = row.text('email');
  const publicName = row.text('public-name');
  const phone = row.text('phone');
  return {
    ...fromString,
    ...(tz !== undefined && { tz }),
    ...(email !== undefined && { email }),
    ...(publicName !== undefined && { public_name: publicName }),
    ...(phone !== undefined && { phone }),
  };
}

/** A reason alone means blocked, unlike in the stack (design §6); an explicit `false` makes it void. */
function readBlocking(row: Row): Pick<InstanceOptions, 'blocked' | 'blockingReason'> {
  const blockingReason = row.read('blocking-reason', parseReason);
  const blocked = row.read('blocked', parseBoolean) ?? (blockingReason === undefined ? undefined : true);
  return blocked ? { blocked, blockingReason } : { blocked };
}

function withoutUndefined(options: InstanceOptions): InstanceOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return instanceOptions.parse(Object.fromEntries(given));
}

/**
 * Checks and normalises the options of one instance, by the stack's rules (`instance-data.md` §2.3,
 * §3.1, §6.2; `cli-and-admin-api.md` §1.3, §2.4) and without its quirks (design §6). Keys that are no
 * flag are not looked at: the reader of a file checks its header against `INSTANCE_FLAGS`.
 *
 * @throws InvalidOptions with all that is wrong, in the order it was found; no message holds a passphrase
 */
export function parseInstanceOptions(raw: RawOptions, rules: ParsingRules): ParsedOptions {
  const row = new Row(raw);
  const passphrase = row.text('passphrase');
  const { settings, moved } = parseSettingsString(row.text('settings') ?? '');
  const domain = readDomain(row, rules);

  if (row.text('swift-layout') !== undefined) {
    row.report('swift-layout', 'instances are made on file storage only, which has no Swift layout');
  }

  const options: InstanceOptions = {
    domain,
    aliases: readAliases(row, domain, rules),
    locale: readLocale(row, moved),
    // A hyphen in the first label is fine here: the old domain may come from a platform set up otherwise.
    oldDomain: row.read('old-domain', (text) => normaliseDomain(text, 'nested')),
    orgDomain: row.text('org-domain'),
    orgId: row.text('org-id'),
    uuid: row.readMoved(moved.uuid, 'uuid', asGiven),
    oidcId: row.readMoved(moved.oidcId, 'oidc_id', asGiven),
    franceconnectId: row.text('franceconnect_id'),
    context: row.readMoved(moved.context, 'context-name', asGiven),
    sponsorships: row.read('sponsorships', parseNames),
    featureSets: row.read('feature-sets', parseNames),
    tos: row.readMoved(moved.tos, 'tos', normaliseTos),
    tosLatest: row.readMoved(moved.tosLatest, 'tos-latest', requireDatedTos),
    authMode: row.readMoved(moved.authMode, 'auth-mode', parseAuthMode),
    autoUpdate: moved.autoUpdate ?? row.read('auto-update', parseBoolean),
    magicLink: row.read('magic_link', parseBoolean),
    ...readBlocking(row),
    couchCluster: row.read('couch-cluster', (text) => parseCluster(text, rules.clusters)),
    diskQuota: row.read('disk-quota', parseQuota),
    settings: readSettings(row, settings),
    apps: readApps(row),
    hasPassphrase: passphrase !== undefined,
  };

  if (row.problems.length > 0) throw new InvalidOptions(row.problems);
  return { options: withoutUndefined(options), passphrase };
}
