import { InputError } from '../../errors.ts';
import { type AppVersion, compareVersions, parseVersion } from './app-version.ts';
import { isSlug } from './manifest.ts';

type Comparison = '<' | '<=' | '=' | '!=' | '>=' | '>';

/** What is compared of an installed application; `version` is empty where its document says none. */
export interface InstalledApp {
  readonly slug: string;
  readonly version: string;
}

/** What an operator wants to know of one application. */
export interface AppCondition {
  readonly slug: string;
  /** Undefined = whichever version. */
  readonly version?: { readonly comparison: Comparison; readonly than: AppVersion };
}

const CONDITION = /^([a-z0-9-]+)\s*(?:(<=|>=|!=|==|=|<|>)\s*(\S+))?$/;

/**
 * Reads `drive`, or `drive<1.60` with one of `<`, `<=`, `=`, `!=`, `>=` and `>`.
 * @param flag by which it was given
 * @throws InputError `bad_filter`
 */
export function parseAppCondition(text: string, flag: string): AppCondition {
  const [, slug = '', comparison, version] = CONDITION.exec(text.trim()) ?? [];
  if (!isSlug(slug)) throw bad(text, 'is neither a slug nor a slug with a comparison', flag);
  if (comparison === undefined || version === undefined) return { slug };
  const than = parseVersion(version);
  if (than === undefined)
    throw bad(text, `compares with ${JSON.stringify(version)}, which is no version`, flag);
  return { slug, version: { comparison: comparisonOf(comparison), than } };
}

/**
 * Whether an application is among those that were asked for: all conditions about its slug hold, and there is one.
 * Without any conditions all are.
 */
export function meetsConditions(
  { slug, version }: InstalledApp,
  conditions: readonly AppCondition[],
): boolean {
  if (conditions.length === 0) return true;
  const about = conditions.filter((condition) => condition.slug === slug);
  return about.length > 0 && about.every((condition) => holds(condition, version));
}

/** Whether each application that the conditions name is among these, and meets all that is said about it. */
export function haveConditions(apps: readonly InstalledApp[], conditions: readonly AppCondition[]): boolean {
  return conditions.every(({ slug }) => {
    const about = conditions.filter((condition) => condition.slug === slug);
    return apps.some((app) => app.slug === slug && meetsConditions(app, about));
  });
}

/** A version that cannot be put in order is older than any other for a stack (`docs/cozy-data.md` §5.4). */
function holds({ version: wanted }: AppCondition, version: string): boolean {
  if (wanted === undefined) return true;
  const installed = parseVersion(version);
  const order = installed === undefined ? -1 : compareVersions(installed, wanted.than);
  switch (wanted.comparison) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
  }
}

function comparisonOf(text: string): Comparison {
  switch (text) {
    case '<':
    case '<=':
    case '!=':
    case '>=':
    case '>':
      return text;
    default:
      return '=';
  }
}

function bad(text: string, what: string, column: string): InputError {
  return new InputError(
    'bad_filter',
    `${JSON.stringify(text.slice(0, 120))} ${what}`,
    { column },
    "Give a slug, such as drive, or compare its version: 'drive<1.60'.",
  );
}
