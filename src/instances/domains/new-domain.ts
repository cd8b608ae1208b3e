import { domainToASCII, domainToUnicode } from 'node:url';
import { InputError } from '../../errors.ts';
import { trimBlanks } from '../values/characters.ts';
import { plausible } from '../values/plausible.ts';
import { lowerCaseRunes, normaliseDomain, type Subdomains } from './domain.ts';

// What exists may have any name that a stack once accepted, and is looked up by `normaliseDomain`. A new
// name has to be one that a browser can ask for, and that cannot be mistaken for another.

const ASCII_ONLY = /^[\0-\x7f]*$/;
const URL_BEGIN = /^[a-z][a-z0-9+.-]*:\/\//i;
const MAIL_ADDRESS = /^[^\s@]+@[^\s@]+$/;
const BLANK = /\p{White_Space}/u;
/** Of ASCII, what is in no name of a host: hyphens, underscores and the dots between labels are. */
const NOT_IN_HOSTS = /[^A-Za-z0-9._\-\u0080-\u{10ffff}]/u;
const PORT = /:(\d{1,5})$/;
const IP_V4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const LAST_IS_NUMBER = /(?:^|\.)\d+$/;

/** Small letters, digits and hyphens in labels, of which none is Punycode and the last begins with a letter: as nearly all names are. */
const PLAIN = /^(?:(?!xn--)[a-z0-9-]+\.)+(?!xn--)[a-z][a-z0-9-]*$/;

/** Below what a directory can be called, and DNS can carry. */
const MOST_PLAIN_CHARACTERS = 200;

function badDomain(message: string): InputError {
  return new InputError('illegal_domain', message);
}

/** A host and the port that follows it, if any. */
export function splitPort(domain: string): { readonly host: string; readonly port: number | undefined } {
  const port = PORT.exec(domain);
  if (port === null) return { host: domain, port: undefined };
  return { host: domain.slice(0, port.index), port: Number(port[1]) };
}

/** Whether the host is four numbers. */
export function isAddress(host: string): boolean {
  return IP_V4.test(host);
}

function refuseOtherThings(raw: string): void {
  if (URL_BEGIN.test(raw)) throw badDomain('it is a URL: give just the host, without https:// and slashes');
  if (MAIL_ADDRESS.test(raw)) throw badDomain('it is a mail address, not a domain');
}

function problemOf(domain: string): string | undefined {
  const { host, port } = splitPort(domain);
  if (BLANK.test(host)) return 'it contains a blank';
  const illegal = NOT_IN_HOSTS.exec(host);
  if (illegal) return `it contains ${JSON.stringify(illegal[0])}, which is in no name of a host`;
  if (port !== undefined && (port === 0 || port > 65_535)) return `${port} is no port`;
  if (host.endsWith('.')) return 'it ends in a dot: leave it off';
  if (host.includes('..')) return 'two dots follow each other';
  if (LAST_IS_NUMBER.test(host) && !isAddress(host)) return 'its last part is a number';
  if (!host.includes('.') && host !== 'localhost' && port === undefined) return 'there is no dot in it';
  return unreachable(host);
}

/** A browser writes names in one form before it asks for them; a stack finds what is stored in that form only. */
function unreachable(host: string): string | undefined {
  if (ASCII_ONLY.test(host)) return undefined;
  const ascii = domainToASCII(host);
  if (ascii === '') return 'browsers do not take it for the name of a host';
  const asked = domainToUnicode(ascii);
  if (asked === host) return undefined;
  return `browsers write it otherwise when they ask for it: use ${JSON.stringify(asked)}`;
}

/**
 * As `normaliseDomain`, for a domain or alias that is to be made: refuses also what no browser could ask for,
 * what cannot be seen, and what is surely something else. `XN--` is decoded as `xn--` is.
 *
 * @throws InputError `illegal_domain`, `bad_value`
 */
export function newDomain(raw: string, subdomains: Subdomains): string {
  // What is looked at below finds nothing in such a name, and leaves it as it is; with flat subdomains there is more to it.
  if (subdomains === 'nested' && raw.length <= MOST_PLAIN_CHARACTERS && PLAIN.test(raw)) return raw;
  return lookedAt(raw, subdomains);
}

function lookedAt(raw: string, subdomains: Subdomains): string {
  const text = plausible('domain', raw);
  refuseOtherThings(text);
  const domain = plausible('domain', normaliseDomain(normaliseDomain(text, subdomains), subdomains));
  const problem = problemOf(domain);
  if (problem === undefined) return domain;
  throw badDomain(`${JSON.stringify(text)} cannot be used as a domain: ${problem}`);
}

/**
 * The domain of an organization as the stack looks it up: lower-case, without the dot at its end, and
 * otherwise as it is, for it is compared byte for byte.
 *
 * @throws InputError `illegal_domain`, `bad_value`
 */
export function organizationDomain(raw: string): string {
  const text = plausible('domain', raw);
  refuseOtherThings(text);
  const domain = lowerCaseRunes(text).replace(/\.$/, '');
  // Only to learn whether it could be a domain at all.
  normaliseDomain(domain, 'nested');
  const problem = problemOf(domain);
  if (problem === undefined) return domain;
  throw badDomain(`${JSON.stringify(text)} cannot be the domain of an organization: ${problem}`);
}

/** A domain that an instance once had; it may come from a platform with other rules. @throws InputError */
export function formerDomain(raw: string): string {
  return normaliseDomain(trimBlanks(plausible('domain', raw)), 'nested');
}
