import punycode from 'punycode/punycode.js';
import { InputError } from '../../errors.ts';
import { trimBlanks } from '../values/characters.ts';

/** How app hosts are formed: `drive.alice.example.com` or `alice-drive.example.com`. */
export type Subdomains = 'nested' | 'flat';

/** The longest name of a directory on the usual file systems, in bytes. */
const MAX_NAME_BYTES = 255;

const ASCII = /^[\0-\x7f]*$/;
const ILLEGAL = /[ /,;&?#@|='"\t\r\n\0]/;
const WILDCARD = /[*?]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPED_IN_HOSTS = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/gu;

/**
 * Characters, as it was written: whatever has more is longer than 255 bytes in any form. Punycode takes a time that
 * grows with the square of them.
 */
const MOST_CHARACTERS = 1_024;

/** Characters of a name that is no domain, in a message. */
const MOST_SHOWN = 100;

function illegalDomain(raw: string, why: string): InputError {
  const shown = raw.length > MOST_SHOWN ? `${raw.slice(0, MOST_SHOWN)}…` : raw;
  return new InputError('illegal_domain', `${JSON.stringify(shown)} cannot be used as a domain: ${why}`);
}

/**
 * Lower-cases each code point by itself, as the stack does (`docs/cozy-data.md` §8 trap 30):
 * a final sigma gets no special form, and `İ` becomes a plain `i`.
 */
export function lowerCaseRunes(text: string): string {
  // Asked for every database of an instance: nearly all names need no such care.
  if (ASCII.test(text)) return text.toLowerCase();
  return Array.from(text, (rune) => {
    const [first = rune] = rune.toLowerCase();
    return first;
  }).join('');
}

function decodeLabel(label: string): string {
  return label.startsWith('xn--') ? punycode.decode(label.slice('xn--'.length)) : label;
}

function toUnicode(raw: string): string {
  try {
    return raw.split('.').map(decodeLabel).join('.');
  } catch {
    throw illegalDomain(raw, 'a label that begins with "xn--" is not valid Punycode');
  }
}

/** A pattern of domains, with the labels that are written out as domains are stored: without Punycode. */
export function normalisePattern(pattern: string): string {
  const labels = pattern.split('.').map((label) => {
    if (WILDCARD.test(label)) return label;
    try {
      return decodeLabel(label);
    } catch {
      // Nothing has such a name, and a pattern may ask for what is not there.
      return label;
    }
  });
  return lowerCaseRunes(labels.join('.'));
}

function problemOf(domain: string): string | undefined {
  if (domain === '') return 'it is empty';
  if (domain === '.' || domain === '..') return 'it names a directory';
  if (domain.startsWith('.')) return 'it begins with a dot';
  if (LONE_SURROGATE.test(domain)) return 'it is not valid Unicode';
  const illegal = ILLEGAL.exec(domain);
  if (illegal) return `it contains the illegal character ${JSON.stringify(illegal[0])}`;
  if (Buffer.byteLength(domain) > MAX_NAME_BYTES) return `it is longer than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/**
 * The one form in which a domain or alias is stored and looked up: Unicode, lower-case, with its
 * port if any (`docs/cozy-data.md` §2.3). Only labels beginning with a lower-case `xn--` are decoded.
 * Stricter than the stack in one point: the domain is a directory name, so 255 bytes is the most.
 *
 * @throws InputError `illegal_domain`
 */
export function normaliseDomain(raw: string, subdomains: Subdomains): string {
  if (trimBlanks(raw).length > MOST_CHARACTERS) {
    throw illegalDomain(raw, `it is longer than ${MAX_NAME_BYTES} bytes`);
  }
  const domain = lowerCaseRunes(trimBlanks(toUnicode(raw)));
  const problem = problemOf(domain);
  if (problem !== undefined) throw illegalDomain(raw, problem);
  const [firstLabel = ''] = domain.split('.');
  if (subdomains === 'flat' && firstLabel.includes('-')) {
    throw illegalDomain(raw, 'with flat subdomains its first label must not contain a hyphen');
  }
  return domain;
}

/**
 * The domain as the stack prints it in URLs, port kept: what is not allowed in a host becomes
 * percent-encoded UTF-8, as in Go's `net/url`, never Punycode (`docs/cozy-data.md` §8 trap 31).
 */
export function asciiHost(domain: string): string {
  return domain.replace(ESCAPED_IN_HOSTS, (character) => encodeURIComponent(character));
}
