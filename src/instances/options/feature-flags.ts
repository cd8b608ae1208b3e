import * as z from 'zod';
import { canonicalJson } from '../../canonical-json.ts';
import { InputError } from '../../errors.ts';
import { type JsonFault, jsonFault } from '../../json-fault.ts';
import { invisibleIn, isWellFormed, nameOf, unusableIn } from '../values/characters.ts';

/** Feature flags by name, each with any JSON value. In a change, null takes one away (`docs/cozy-data.md` §2.4). */
export const flagsMap = z.record(z.string(), z.unknown());

export type FlagsMap = Readonly<z.infer<typeof flagsMap>>;

/** Characters of the longest name, as our admin API takes it. */
const MOST_IN_NAME = 256;

/** `flagsMap`, with each name and value as strictly looked at as by `parseFlags`. */
export const strictFlags = flagsMap.refine((flags) => {
  const text = JSON.stringify(flags);
  return jsonFault(text, flags) === undefined && flagsProblem(flags) === undefined;
}, 'is no map of feature flags');

/** Whether every flag has a value. */
export function hasNoNull(flags: FlagsMap): boolean {
  return Object.values(flags).every((value) => value !== null);
}

const FAULTS: Readonly<Record<JsonFault, string>> = {
  deep: 'lists and objects in it are nested too deep',
  names: 'there are too many names in it',
  twice: 'a name is there twice',
};

/**
 * What is to become of the flags of something, as the operator wrote it.
 * @throws InputError `bad_value` with the name at fault, for what is no JSON object, and for what a stack would read
 *   otherwise than it was written
 */
export function parseFlags(text: string): FlagsMap {
  const flags = parseObject(text);
  const problem = Object.keys(flags).length === 0 ? 'there is no flag in it' : flagsProblem(flags);
  if (problem !== undefined) throw bad(problem);
  return flags;
}

/** The same of a new instance, which has no flag that could be taken away. */
export function parseFirstFlags(text: string): FlagsMap {
  const flags = parseFlags(text);
  const nothing = Object.keys(flags).find((name) => flags[name] === null);
  if (nothing === undefined) return flags;
  throw bad(`${JSON.stringify(nothing)} is null, which takes a flag away: a new instance has none`);
}

function bad(message: string): InputError {
  return new InputError('bad_value', message);
}

function parseObject(text: string): FlagsMap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(notJson(text, error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('it must be a JSON object of flags, such as {"drive.beta":true}');
  }
  const fault = jsonFault(text, value);
  if (fault !== undefined) throw bad(FAULTS[fault]);
  return Object.fromEntries(Object.entries(value));
}

/** The parser's own message quotes the text, and counts from 0. Quotation marks are what a shell takes away. */
function notJson(text: string, error: unknown): string {
  const at = faultAt(text, error);
  const place = at === undefined ? 'its end is missing' : `see character ${at + 1}`;
  const fault = `it is not valid JSON (${place})`;
  if (text.includes('"')) return fault;
  return `${fault}: it needs the quotation marks of {"drive.beta":true}, and on a command line '' around all of it`;
}

/** Where the parser met what cannot be there, counted from 0; undefined where it met the end. */
function faultAt(text: string, error: unknown): number | undefined {
  const [, position] = /position (\d+)/.exec(messageOf(error)) ?? [];
  if (position !== undefined) return Number(position) < text.length ? Number(position) : undefined;
  if (!isUnexpected(error)) return undefined;
  // Of an unexpected character the parser does not tell the place: it is the last one of the shortest beginning that
  // has the same fault, since all that are shorter only lack their end.
  let without = 0;
  let faulty = text.length;
  while (faulty - without > 1) {
    const middle = Math.floor((without + faulty) / 2);
    if (isUnexpected(parseFault(text.slice(0, middle)))) faulty = middle;
    else without = middle;
  }
  return faulty - 1;
}

function parseFault(text: string): unknown {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

function isUnexpected(error: unknown): boolean {
  return messageOf(error).startsWith('Unexpected token');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** What is wrong with one of the flags, with its name; undefined when nothing is. */
export function flagsProblem(flags: FlagsMap): string | undefined {
  for (const [name, value] of Object.entries(flags)) {
    const problem = nameProblem(name) ?? valueProblem(value);
    if (problem !== undefined) return `${JSON.stringify(name.slice(0, MOST_IN_NAME))}: ${problem}`;
  }
  return undefined;
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'a flag needs a name';
  if (name.length > MOST_IN_NAME) return `a name has ${name.length} characters, and may have ${MOST_IN_NAME}`;
  const hidden = unusableIn(name) ?? invisibleIn(name);
  if (hidden !== undefined) return `the name contains the character ${nameOf(hidden)}`;
  // Programs in JavaScript lose it, ours too.
  return name === '__proto__' ? 'no flag can have this name' : undefined;
}

/** Numbers travel as those of JavaScript and Go, and text as Unicode. */
function valueProblem(value: unknown): string | undefined {
  if (typeof value === 'string') return isWellFormed(value) ? undefined : HALF_CHARACTER;
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return isExact ? undefined : 'the number is too long to be exact: put it in quotation marks';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    if (name === '__proto__') return 'a name in it cannot be kept';
    const problem = isWellFormed(name) ? valueProblem(part) : HALF_CHARACTER;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const HALF_CHARACTER = 'there is half a character in it, which no database keeps';

/**
 * The flags with a change: null takes away, anything else is set, others stay, also those that are null already
 * (`web/instances/feature.go` of the stack).
 */
export function mergeFlags(before: FlagsMap | undefined, patch: FlagsMap): Record<string, unknown> {
  const isGone = (name: string) => Object.hasOwn(patch, name) && patch[name] === null;
  return Object.fromEntries(Object.entries({ ...before, ...patch }).filter(([name]) => !isGone(name)));
}

/** What a text would be taken for without quotation marks: a list, an object, a number, or one of the words of JSON. */
const READS_AS_JSON = /^(?:["{[]|-?\d|(?:true|false|null)$)/;

/** A flag as it is compared and shown; null where there is none. Different values look different. */
export function flagText(value: unknown): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string' && !READS_AS_JSON.test(value)) return value;
  return canonicalJson(value);
}
