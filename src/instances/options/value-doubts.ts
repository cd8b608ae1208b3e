import { domainToASCII } from 'node:url';
import { isAddress, splitPort } from '../domains/new-domain.ts';
import { invisibleIn, nameOf, trimBlanks } from '../values/characters.ts';
import { mixedAlphabets, readsLike } from '../values/look-alike.ts';
import { mojibakeIn } from '../values/mojibake.ts';
import { isDate } from '../values/plausible.ts';

// Each answers sentences about what one value may be instead of what it should be: good enough to be used, odd
// enough for the operator to look at it. None quotes the value.

/** The longest label, and the longest name, that DNS can carry, in octets of Punycode. */
const MOST_IN_LABEL = 63;
const MOST_IN_NAME = 253;

/** What people write where they have nothing to write. */
const STANDS_FOR_NONE =
  /^(?:-+|–|—|\?+|\.+|x{2,}|null|none|nil|nan|void|empty|n\.a\.|k\. ?a\.|keine?|aucune?|vide|todo|tbd)$/i;

/** What programs write for yes and no. */
const TRUTH =
  /^(?:true|false|vrai|faux|wahr|falsch|verdadero|falso|vero|waar|onwaar|yes|no|oui|non|ja|nein)$/i;

/** Digits in threes, as amounts are written and some numbers of people, too. */
const IN_THREES = /^\d{1,3}(?:[. ]\d{3})+$/;

/** Digits in threes with no-break spaces, as spreadsheets write amounts and careful people telephone numbers. */
const IN_UNBROKEN_THREES = /^\d{1,3}(?:[\u00a0\u202f]\d{3})+$/;

const APOSTROPHE = /^['’`]/;
const QUOTED = /^["“”„«»‘].*["”“»«’]$/su;
const BLANK_WITHIN = /\p{White_Space}/u;

function when(doubts: readonly (readonly [boolean, string])[]): string[] {
  return doubts.flatMap(([holds, doubt]) => (holds ? [doubt] : []));
}

function noneDoubts(text: string): string[] {
  return when([[STANDS_FOR_NONE.test(text), 'it may stand for no value: leave it empty then']]);
}

const ASCII_ONLY = /^[\0-\x7f]*$/;

/** What is odd about the letters of a host, part by part; those of ASCII are mixed with no others. */
function looksOf(host: string): string[] {
  return ASCII_ONLY.test(host) ? [] : host.split('.').flatMap(lookDoubts);
}

function lookDoubts(label: string): string[] {
  const alphabets = mixedAlphabets(label);
  if (alphabets.length > 0) return [`letters of several alphabets are mixed in it: ${alphabets.join(', ')}`];
  const read = readsLike(label);
  return read === undefined ? [] : [`its letters look like ${JSON.stringify(read)}, and are others`];
}

/** @param domain normalised, with port if any */
export function domainDoubts(domain: string): string[] {
  const { host } = splitPort(domain);
  const ascii = domainToASCII(host);
  const labels = host.split('.');
  return [
    ...looksOf(host),
    ...when([
      [
        ascii.split('.').some((label) => label.length > MOST_IN_LABEL),
        `a part of it is longer than the ${MOST_IN_LABEL} octets that DNS can carry`,
      ],
      [ascii.length > MOST_IN_NAME, `it is longer than the ${MOST_IN_NAME} octets that DNS can carry`],
      [
        labels.some((label) => label.startsWith('-') || label.endsWith('-')),
        'a part of it begins or ends with a hyphen, which is in no name of a host',
      ],
      [isAddress(host), 'it is an address of a machine, below which no application has a host'],
      [host.startsWith('www.'), 'it begins with www., which is the name of a web site'],
      [
        /[^.-]domain$/.test(host),
        'it ends in "domain": files may have been joined without a line break between them',
      ],
    ]),
  ];
}

export function nameDoubts(name: string): string[] {
  const invisible = invisibleIn(name);
  const mojibake = mojibakeIn(name);
  return [
    ...noneDoubts(name),
    ...(invisible === undefined ? [] : [`it contains the invisible character ${nameOf(invisible)}`]),
    ...(mojibake === undefined
      ? []
      : [`${JSON.stringify(mojibake.piece)} in it may come from a wrong encoding`]),
    ...when([
      [name.includes('?'), 'there is a question mark in it, as where an encoding lacks a letter'],
      [name.includes('@'), 'there is an @ in it, as in a mail address'],
      [/^\d+$/.test(name), 'it is a number'],
      [isDate(name), 'it is a date'],
      [TRUTH.test(name), 'it is an answer to a question of yes or no'],
      [/^[+\-@]/.test(name), 'it begins as a formula does'],
      [APOSTROPHE.test(name), 'it begins with an apostrophe, as spreadsheets mark texts'],
      [QUOTED.test(name), 'there are quotation marks around it'],
      [/\\[nrt"']/.test(name), 'a character in it is written with a backslash'],
      [/<\/?[a-z]+>/i.test(name), 'it contains a mark of a web page'],
    ]),
  ];
}

export function idDoubts(id: string): string[] {
  return [
    ...noneDoubts(id),
    ...when([
      [BLANK_WITHIN.test(id), 'there is a blank in it'],
      [TRUTH.test(id), 'it is an answer to a question of yes or no'],
      [IN_THREES.test(id), 'its digits are separated as thousands'],
      [isDate(id), 'it is a date: a spreadsheet may have made one of it'],
      [/^\d(?:[.,]\d{1,30})?e\d{1,3}$/i.test(id), 'it may be a number in scientific notation'],
      [
        /^\d{16,40}$/.test(id) && /^0+$/.test(id.slice(15)),
        'spreadsheets keep 15 digits: those that follow in it are all 0',
      ],
    ]),
  ];
}

export function phoneDoubts(phone: string): string[] {
  const digits = phone.replace(/\D/g, '');
  return when([
    [/\p{L}/u.test(phone), 'there are letters in it'],
    [/^[1-9]\d{8}$/.test(phone), 'a spreadsheet may have taken the 0 at its beginning away'],
    [
      IN_UNBROKEN_THREES.test(phone),
      'no-break spaces separate its digits in threes, as where a spreadsheet took it for an amount',
    ],
    [digits.length < 3, 'it has hardly any digits'],
    [digits.length > 15, 'it has more digits than a telephone number can have'],
  ]);
}

/** @param address a mail address */
export function addressDoubts(address: string): string[] {
  const [local = '', host = ''] = address.split('@');
  return [
    ...lookDoubts(local),
    ...looksOf(host),
    ...when([[!host.includes('.'), 'there is no dot after its @']]),
  ];
}

export function localeDoubts(locale: string): string[] {
  return when([
    [
      !/^[a-z]{2,3}(?:[-_][A-Za-z0-9_-]+)?$/.test(locale),
      'it does not look like a language such as en or pt_BR',
    ],
  ]);
}

/** @param contexts names of those in the configuration; undefined where they are not known */
export function contextDoubts(context: string, contexts: readonly string[] | undefined): string[] {
  const isKnown = (name: string) => name.toLowerCase() === context;
  return when([
    [
      contexts !== undefined && context !== 'default' && !contexts.some(isKnown),
      'the configuration has no such context',
    ],
  ]);
}

/** A quota of fewer bytes is surely not meant. */
const LEAST_QUOTA_BYTES = 1_000_000;

/** @param text as it was written @param bytes what it was taken for; undefined or null = without limit */
export function quotaDoubts(text: string, bytes: number | null | undefined): string[] {
  return when([
    [
      typeof bytes === 'number' && bytes < LEAST_QUOTA_BYTES,
      `it means ${bytes} bytes: a unit such as GB may be missing`,
    ],
    [
      /^\d{1,3}\.\d{3}(?!\d)/.test(trimBlanks(text)),
      'the point is taken for one before a fraction, not for one between thousands',
    ],
  ]);
}

/** @param text a Settings string */
export function settingsDoubts(text: string): string[] {
  const parts = text.split(',').map(trimBlanks);
  return when([
    [
      parts.some((part) => part !== '' && !part.includes(':')),
      'a part of it has no colon, and counts for nothing',
    ],
  ]);
}

/** @param flags feature flags of an instance by their names */
export function flagsDoubts(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    when([
      [
        value === 'false' || value === 'true',
        `${JSON.stringify(name)} is a text, which programs take for on whatever it says: leave its quotation marks out`,
      ],
      [
        Array.isArray(value) && value.some((item) => item instanceof Object && 'ratio' in item),
        `${JSON.stringify(name)} has ratios, which only count in the flags of a context`,
      ],
    ]),
  );
}

/** @param passphrase in clear text */
export function passphraseDoubts(passphrase: string): string[] {
  const invisible = invisibleIn(passphrase);
  return [
    ...(invisible === undefined ? [] : [`it contains the invisible character ${nameOf(invisible)}`]),
    ...when([[trimBlanks(passphrase) !== passphrase, 'a blank at its beginning or end is part of it']]),
  ];
}
