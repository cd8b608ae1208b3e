import { newDomain } from '../../instances/domains/new-domain.ts';
import { parseLocale } from '../../instances/options/option-values.ts';
import { skeletonOrder } from '../../instances/options/skeleton-order.ts';
import { isAsLeft, settingOf } from '../../instances/options/strict-values.ts';
import { batchRow, mac } from './envelope.ts';
import type { LivePayload } from './job-kinds.ts';

// Nearly all rows of large files are creations with nothing special about them, and reading each by the schemas of all payloads
// takes a good part of the time in which it is queued.

const OF_PAYLOAD = new Set(['v', 'mac', 'kind', 'options', 'batch', 'by', 'generation', 'tries']);
const OF_OPTIONS = new Set(['domain', 'aliases', 'locale', 'settings', 'apps', 'skeleton', 'hasPassphrase']);
const OF_SETTINGS = new Set(['tz', 'email', 'public_name', 'phone']);

/** Longest domain, and longest other text: less than what is read. */
const MOST_OF_DOMAIN = 255;
const MOST_CHARACTERS = 256;

/**
 * Whether a payload is surely read by `parsePayload`: a creation with no more than a domain, a locale and the usual settings,
 * whose values are looked at by the same functions. Any other has to be read to know.
 */
export function isOrdinaryCreation(payload: LivePayload): boolean {
  if (payload.kind !== 'create' || !hasOnly(payload, OF_PAYLOAD)) return false;
  const { v, generation, tries, by = '-', batch, options } = payload;
  return (
    v === 1 &&
    generation === 0 &&
    Number.isSafeInteger(tries) &&
    tries > 0 &&
    isText(by) &&
    (payload.mac === undefined || mac.safeParse(payload.mac).success) &&
    (batch === undefined || batchRow.safeParse(batch).success) &&
    hasOnly(options, OF_OPTIONS) &&
    options.hasPassphrase === false &&
    isEmptyList(options.aliases) &&
    isEmptyList(options.apps) &&
    (options.skeleton === undefined || skeletonOrder.safeParse(options.skeleton).success) &&
    isDomain(options.domain) &&
    isText(options.locale) &&
    isAsLeft(parseLocale, options.locale) &&
    areSettings(options.settings)
  );
}

function isDomain(text: unknown): boolean {
  return (
    typeof text === 'string' &&
    text.length <= MOST_OF_DOMAIN &&
    isAsLeft((each) => newDomain(each, 'nested'), text)
  );
}

function areSettings(settings: Readonly<Record<string, unknown>>): boolean {
  if (!hasOnly(settings, OF_SETTINGS) || Object.getPrototypeOf(settings) !== Object.prototype) return false;
  return Object.entries(settings).every(
    ([key, value]) => isText(value) && isAsLeft((text) => settingOf(key, text), value),
  );
}

/** The types say that it is, but what was in a file may be otherwise. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_CHARACTERS;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function hasOnly(value: unknown, known: ReadonlySet<string>): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).every((key) => known.has(key));
}
