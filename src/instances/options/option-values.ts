import { InputError } from '../../errors.ts';
import { trimBlanks } from '../values/characters.ts';
import { isDate, plausible } from '../values/plausible.ts';
import { parseSize } from './disk-quota.ts';
import { AUTH_MODES, type AuthMode } from './options.ts';

// Each reads one value of a flag or column, and throws an InputError that says what it should be.

const LOCALE = /^[A-Za-z][A-Za-z0-9_-]{0,34}$/;
const CLUSTER = /^(-1|\d{1,9})$/;

/**
 * `blocking_reason` of a reservation begins so (`ARCHITECTURE.md` §3.5): an operator's reason must not look like
 * one.
 */
export const RESERVED_REASON = 'PROVISIONING';

const badValue = (message: string) => new InputError('bad_value', message);

/** The items of a list with commas between them, without blanks around them; empty ones do not count. */
export function splitList(text: string): string[] {
  const items = text.split(',').map(trimBlanks);
  return items.filter((item) => item !== '');
}

/** The words of a list, each looked at by itself. */
export function parseWords(text: string): string[] {
  return splitList(text).map((item) => plausible('word', item));
}

export function parseNames(text: string): string[] | undefined {
  const names = parseWords(text);
  return names.length > 0 ? names : undefined;
}

export function parseLocale(text: string): string {
  if (LOCALE.test(text) && !isDate(text)) return text;
  throw badValue(`${JSON.stringify(text)} is not a locale such as "en" or "zh_CN"`);
}

export function parseBoolean(text: string): boolean {
  const value = parseGoBool(text);
  if (value === undefined) throw badValue(`${JSON.stringify(text)} is neither "true" nor "false"`);
  return value;
}

export function parseAuthMode(text: string): AuthMode {
  const mode = AUTH_MODES.find((each) => each === text);
  if (mode !== undefined) return mode;
  const known = AUTH_MODES.join(', ');
  throw badValue(`Unknown authentication mode ${JSON.stringify(text)}, use one of ${known}`);
}

export function parseCluster(text: string, clusters: number): number | undefined {
  if (!CLUSTER.test(text)) throw badValue(`${JSON.stringify(text)} is not the number of a CouchDB cluster`);
  const cluster = Number(text);
  if (cluster >= clusters) {
    throw badValue(`there is no CouchDB cluster ${cluster}: the highest configured is ${clusters - 1}`);
  }
  return cluster === -1 ? undefined : cluster;
}

/** Where a comma is taken for nothing, `5,5GB` would be 55GB. */
const THOUSANDS = /^\d{1,3}(?:,\d{3})*(?![\d,])/;

export function parseQuota(text: string): number | undefined {
  if (text.includes(',') && !THOUSANDS.test(text)) {
    throw badValue('a comma stands between thousands here: write 5.5GB for five and a half');
  }
  if (text.toLowerCase() === 'unlimited') return undefined;
  return parseSize(text) || undefined;
}

const LINK = /^[a-z][a-z0-9+.-]{1,15}:/i;
const NAMED_ADDRESS = /<[^<>]*>/;
const BLANK = /\p{White_Space}/u;
/** What separates addresses, and what no address has unless it is quoted. */
const NOT_IN_ADDRESS = /[,;:<>()[\]"\\|]/;
const NOT_IN_MAIL_HOSTS = /[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u;

/** One mail address, nothing beside it; how it is written stays. */
export function parseAddress(text: string): string {
  const problem = problemOfAddress(text);
  if (problem === undefined) return text;
  throw badValue(problem);
}

function problemOfAddress(text: string): string | undefined {
  if (LINK.test(text)) return 'it is a link: give the address alone, without mailto:';
  if (NAMED_ADDRESS.test(text))
    return 'there is a name or brackets beside the address: give the address alone';
  if (BLANK.test(text)) return 'a mail address has no blank in it';
  if (NOT_IN_ADDRESS.test(text))
    return 'it is not one mail address: give a single one, and nothing beside it';
  const [local = '', host, ...more] = text.split('@');
  if (host === undefined) return 'there is no @ in it, so it is no mail address';
  if (more.length > 0) return 'there is more than one @ in it';
  if (local === '' || host === '') return 'a part of the address is missing before or after the @';
  const isHost = !NOT_IN_MAIL_HOSTS.test(host) && host.split('.').every((label) => label !== '');
  return isHost ? undefined : 'what follows the @ is no host';
}

/** A telephone number; how it is written stays. */
export function parsePhone(text: string): string {
  if (text.includes('@')) throw badValue('it is a mail address, not a telephone number');
  if (LINK.test(text)) throw badValue('it is a link: give the number alone, without tel:');
  if (!/\d/.test(text)) throw badValue('there is no digit in it');
  if (isDate(text)) throw badValue('it is a date, not a telephone number');
  return text;
}

export function parseReason(text: string): string {
  if (text.startsWith(RESERVED_REASON)) {
    throw badValue(`a blocking reason cannot begin with ${RESERVED_REASON}: that marks a creation under way`);
  }
  return text;
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Reads a boolean as Go's ParseBool does (`docs/cozy-data.md` §3.1); undefined for any other text. */
export function parseGoBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  return undefined;
}
