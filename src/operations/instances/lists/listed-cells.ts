import type { InstanceDocument } from '../../../instances/documents/instance-document.ts';
import { AUTH_MODE_NUMBERS } from '../../../instances/documents/instance-state.ts';
import type { InstanceChanges } from '../../../instances/options/changes.ts';
import type { RawOptions } from '../../../instances/options/flags.ts';
import { AUTH_MODES } from '../../../instances/options/options.ts';
import { InvalidOptions } from '../../../instances/options/parse-options.ts';
import { parseSettingsString } from '../../../instances/options/settings-string.ts';
import type { RowCheck } from '../../input/check-rows.ts';
import type { ListRow } from './list-row.ts';
import { neededChanges } from './needed-changes.ts';

/** The columns of a list of what there is, in their order. */
export const LIST_COLUMNS = [
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
  'feature-flags',
  'email',
  'public-name',
  'phone',
  'settings',
  'disk-quota',
  'apps',
  'auth-mode',
  'auto-update',
  'blocked',
  'blocking-reason',
] as const;

export type ListColumn = (typeof LIST_COLUMNS)[number];

/** An instance as a row of a list. */
export interface ListedCells {
  /** Texts by column; those that are empty are absent. */
  readonly cells: Readonly<Partial<Record<ListColumn, string>>>;
  /** Columns of which a row cannot say all that the instance has: they are left empty, or lack it. */
  readonly unsaid: readonly ListColumn[];
}

/** Settings that have columns of their own. */
const SETTINGS_COLUMNS: ReadonlyMap<string, ListColumn> = new Map([
  ['tz', 'tz'],
  ['email', 'email'],
  ['public_name', 'public-name'],
  ['phone', 'phone'],
]);

/** The column by which each change is said. */
const COLUMN_OF: Readonly<Record<Exclude<keyof InstanceChanges, 'settings'>, ListColumn | undefined>> = {
  locale: 'locale',
  uuid: 'uuid',
  oidcId: 'oidc_id',
  franceconnectId: 'franceconnect_id',
  oldDomain: 'old-domain',
  orgDomain: 'org-domain',
  orgId: 'org-id',
  context: 'context-name',
  blocked: 'blocked',
  blockingReason: 'blocking-reason',
  aliases: 'domain-aliases',
  sponsorships: 'sponsorships',
  featureSets: 'feature-sets',
  featureFlags: 'feature-flags',
  diskQuota: 'disk-quota',
  authMode: 'auth-mode',
  autoUpdate: 'auto-update',
  magicLink: 'magic_link',
  onboardingFinished: undefined,
  tos: 'tos',
  tosLatest: 'tos-latest',
  deleting: undefined,
};

/**
 * An instance as a row that asks for just what it is: what a row cannot say, or would say otherwise, is left empty.
 * @param settings of it; undefined where they cannot be read
 * @param apps slugs of its applications
 * @param check as rows are read later
 * @returns undefined where not even its domain can be said
 */
export function listedCells(
  instance: InstanceDocument,
  settings: Readonly<Record<string, unknown>> | undefined,
  apps: readonly string[],
  check: Pick<RowCheck<ListRow>, 'parse'>,
): ListedCells | undefined {
  const cells = {
    ...cellsOfDocument(instance),
    ...cellsOfSettings(settings ?? {}),
    apps: [...apps].sort().join(','),
  };
  const texts = new Map<string, string>(Object.entries(cells).filter(([, text]) => text !== ''));
  const unsaid = new Set<ListColumn>(lacksSettings(settings ?? {}) ? ['settings'] : []);
  // Each round takes at least one column away.
  for (;;) {
    const wrong = wrongColumns(Object.fromEntries(texts), instance, settings, check).filter((name) =>
      texts.has(name),
    );
    if (wrong.includes('domain')) return undefined;
    if (wrong.length === 0) break;
    for (const name of wrong) {
      texts.delete(name);
      unsaid.add(name);
    }
  }
  return { cells: Object.fromEntries(texts), unsaid: [...unsaid] };
}

/** Columns that cannot be read, or that would change something. */
function wrongColumns(
  texts: RawOptions,
  instance: InstanceDocument,
  settings: Readonly<Record<string, unknown>> | undefined,
  check: Pick<RowCheck<ListRow>, 'parse'>,
): ListColumn[] {
  try {
    const { domain, changes } = check.parse(texts);
    const left = neededChanges(instance, settings, changes) ?? {};
    return [...(domain === instance.domain ? [] : ['domain' as const]), ...columnsOf(left)];
  } catch (error) {
    if (!(error instanceof InvalidOptions)) throw error;
    const names = error.problems.map(({ column }) => LIST_COLUMNS.find((name) => name === column));
    // What is wrong in a column that is not known here cannot be left out.
    return names.map((name) => name ?? 'domain');
  }
}

function columnsOf({ settings = {}, ...left }: InstanceChanges): ListColumn[] {
  return [
    ...Object.entries(COLUMN_OF).flatMap(([name, column]) =>
      column !== undefined && name in left ? [column] : [],
    ),
    ...Object.keys(settings).map((key) => SETTINGS_COLUMNS.get(key) ?? ('settings' as const)),
  ];
}

function cellsOfDocument(instance: InstanceDocument): Partial<Record<ListColumn, string>> {
  const flags = instance.feature_flags ?? {};
  const isBlocked = instance.blocked === true;
  return {
    domain: instance.domain,
    'domain-aliases': (instance.domain_aliases ?? []).join(','),
    'old-domain': instance.old_domain ?? '',
    'org-domain': instance.org_domain ?? '',
    'org-id': instance.org_id ?? '',
    locale: instance.locale,
    uuid: instance.uuid ?? '',
    oidc_id: instance.oidc_id ?? '',
    franceconnect_id: instance.franceconnect_id ?? '',
    magic_link: String(instance.magic_link === true),
    tos: instance.tos ?? '',
    'tos-latest': instance.tos_latest ?? '',
    'context-name': instance.context ?? '',
    sponsorships: (instance.sponsorships ?? []).join(','),
    'feature-sets': (instance.feature_sets ?? []).join(','),
    'feature-flags': Object.keys(flags).length === 0 ? '' : JSON.stringify(flags),
    'disk-quota': instance.disk_quota ?? 'unlimited',
    'auth-mode': AUTH_MODES.find((mode) => AUTH_MODE_NUMBERS[mode] === (instance.auth_mode ?? 0)) ?? '',
    'auto-update': String(instance.no_auto_update !== true),
    blocked: String(isBlocked),
    // The stack leaves a reason behind when it unblocks.
    'blocking-reason': isBlocked ? (instance.blocking_reason ?? '') : '',
  };
}

function cellsOfSettings(settings: Readonly<Record<string, unknown>>): Partial<Record<ListColumn, string>> {
  const texts = Object.entries(settings).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' && value !== '' && !key.startsWith('_') ? [[key, value]] : [],
  );
  const own = texts.flatMap(([key, value]): [string, string][] => {
    const column = SETTINGS_COLUMNS.get(key);
    return column === undefined ? [] : [[column, value]];
  });
  const others = texts.filter(([key, value]) => !SETTINGS_COLUMNS.has(key) && isSaid(key, value));
  return {
    ...Object.fromEntries(own),
    settings: others.map(([key, value]) => `${key}:${value}`).join(','),
  };
}

/** Whether there are settings, besides those of columns of their own, that no Settings string can say: it has texts alone. */
function lacksSettings(settings: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(settings).some(([key, value]) => {
    const isNone = value === null || value === '' || key.startsWith('_') || key === 'cozyMetadata';
    if (isNone) return false;
    return typeof value !== 'string' || (!SETTINGS_COLUMNS.has(key) && !isSaid(key, value));
  });
}

/** Whether a Settings string says just that of the settings document. */
function isSaid(key: string, value: string): boolean {
  const { settings, moved } = parseSettingsString(`${key}:${value}`);
  return Object.keys(moved).length === 0 && Object.keys(settings).length === 1 && settings[key] === value;
}
