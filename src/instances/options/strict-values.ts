import * as z from 'zod';
import { parseSource } from '../../apps/app-source.ts';
import { normaliseDomain } from '../domains/domain.ts';
import { newDomain } from '../domains/new-domain.ts';
import { plausible } from '../values/plausible.ts';
import { kindOfSetting, type ValueKind } from '../values/value-kinds.ts';
import { parseAddress, parsePhone } from './option-values.ts';

// Schemas for values that a command has parsed already and that come back from somewhere else: each takes a value
// only in the form in which its parser leaves it, so that nothing gets in that no command would have let in.

/** Characters of the longest text: a line of a file is not longer (`operations/input/text-lines.ts`). */
const MOST_CHARACTERS = 2 ** 20;

/** Items of the longest list. */
const MOST_ITEMS = 10_000;

/** A domain is the name of a directory: 255 bytes at most, and so no more characters. */
const MOST_DOMAIN_CHARACTERS = 255;

/** The values of these schemas may be secrets, so that no message quotes one. */
const NOT_AS_LEFT = 'is not in the form in which a command leaves it';

/** A text that `parse` gives back as it is. @param most characters, looked at first */
export function asLeftBy(parse: (text: string) => unknown, most = MOST_CHARACTERS) {
  return z.string().refine((text) => text.length <= most && isAsLeft(parse, text), NOT_AS_LEFT);
}

/** Whether `parse` gives a text back as it is. */
export function isAsLeft(parse: (text: string) => unknown, text: string): boolean {
  try {
    return parse(text) === text;
  } catch {
    return false;
  }
}

/** A list of bounded length. */
export function listOf<Item extends z.ZodType<string>>(item: Item) {
  return z.array(item).max(MOST_ITEMS);
}

export const boundedText = z.string().max(MOST_CHARACTERS);

const plausibleText = (kind: ValueKind) => (text: string) => plausible(kind, text);

export const word = asLeftBy(plausibleText('word')).min(1);
export const id = asLeftBy(plausibleText('id')).min(1);

/** The domain of an instance that exists, as `normaliseDomain` leaves it. */
export const domain = asLeftBy(
  // A label that begins with `XN--` is not decoded, so that one is told apart from what is decoded already.
  (text) => normaliseDomain(text.replace(/(^|\.)xn--/g, '$1XN--'), 'nested'),
  MOST_DOMAIN_CHARACTERS,
);

/** A domain or alias that is to be made. */
export const freshDomain = asLeftBy((text) => newDomain(text, 'nested'), MOST_DOMAIN_CHARACTERS);

/** Names that an instance is to have, each once. */
export const freshDomains = listOf(freshDomain).refine(
  (names) => new Set(names).size === names.length,
  'names one twice',
);

/** Where an application comes from. */
export const appSource = asLeftBy((text) => {
  parseSource(text);
  return text;
});

/** Keys that begin with "_" are CouchDB's. */
const settingsKey = asLeftBy(plausibleText('word')).refine((key) => !key.startsWith('_'), NOT_AS_LEFT);

/** A field of the settings document as it is left, by its key. @throws InputError for what it cannot be */
export function settingOf(key: string, text: string): string {
  switch (key) {
    case 'email':
      return parseAddress(plausible('address', text));
    case 'phone':
      return parsePhone(plausible('phone', text));
    default:
      return plausible(kindOfSetting(key), text);
  }
}

/** Fields of the settings document. */
export const settings = z
  .record(settingsKey, boundedText)
  .refine(
    (values) =>
      Object.entries(values).every(([key, value]) => isAsLeft((text) => settingOf(key, text), value)),
    NOT_AS_LEFT,
  );
