import { InputError } from '../../errors.ts';
import { type FlagsMap, parseFlags } from '../../instances/options/feature-flags.ts';
import { trimBlanks } from '../../instances/values/characters.ts';

/** Ratios are added up with the errors of fractions. */
const ROUNDING = 1e-9;

/**
 * Changes of the default flags, as they were typed.
 * @throws InputError `bad_value`
 */
export function parseDefaultFlags(text: string): FlagsMap {
  const flags = parseFlags(trimBlanks(text));
  const reserved = Object.keys(flags).find((name) => name.startsWith('_'));
  if (reserved === undefined) return flags;
  throw bad(reserved, 'the name begins with "_", which CouchDB keeps for itself');
}

/**
 * Changes of the flags of a context, as they were typed: a list of `{ratio, value}` by the name of each flag. An empty
 * list takes a flag away, as null does.
 * @throws InputError `bad_value` also for what a stack would take, and read as something else
 */
export function parseContextFlags(text: string): FlagsMap {
  const entries = Object.entries(parseDefaultFlags(text));
  return Object.fromEntries(entries.map(([name, items]) => [name, itemsOf(name, items)]));
}

/** The names of the context. @throws InputError `bad_value` */
export function parseContext(text: string): string {
  const context = trimBlanks(text);
  if (context !== '') return context;
  throw new InputError('bad_value', 'The context needs a name');
}

function itemsOf(name: string, items: unknown): readonly unknown[] | null {
  if (items === null) return null;
  if (!Array.isArray(items)) {
    throw bad(name, 'it must be a list such as [{"ratio":0.1,"value":true}], or null');
  }
  if (items.length === 0) return null;
  const read = items.map((item) => itemOf(name, item));
  const sum = read.reduce((total, { ratio }) => total + ratio, 0);
  if (sum > 1 + ROUNDING)
    throw bad(name, 'the ratios are more than 1 together, so that some hold for nobody');
  return read;
}

function itemOf(name: string, item: unknown): { readonly ratio: number; readonly value: unknown } {
  const members: Readonly<Record<string, unknown>> =
    typeof item === 'object' && item !== null ? { ...item } : {};
  const { ratio, value } = members;
  if (Object.keys(members).sort().join() !== 'ratio,value') {
    throw bad(name, 'each item must have a ratio and a value, and nothing else');
  }
  if (typeof ratio === 'number' && ratio >= 0 && ratio <= 1) return { ratio, value };
  throw bad(name, 'a ratio must be a number from 0 to 1');
}

function bad(name: string, problem: string): InputError {
  return new InputError('bad_value', `${JSON.stringify(name)}: ${problem}`);
}
