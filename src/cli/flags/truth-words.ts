import { InputError } from '../../errors.ts';
import { parseGoBool } from '../../instances/options/option-values.ts';

/** Definitions of flags, by name. */
export type KnownFlags = Readonly<
  Record<
    string,
    { readonly type: string; readonly char?: string | undefined; readonly allowNo?: boolean | undefined }
  >
>;

/** A word of a command line that gives a flag which is true or false. */
interface TruthWord {
  readonly name: string;
  readonly isNegated: boolean;
  /** What follows the `=`; undefined without one. */
  readonly value: string | undefined;
}

/**
 * The stack takes `--blocked=true` and `--blocked=false`; oclif knows only `--blocked`, and `--no-blocked` where that
 * is not the same as nothing, and would take what follows the `=` for an argument.
 * @returns the words as oclif knows them
 * @throws InputError `bad_value` for what is neither true nor false, `usage` for a flag that is there twice
 */
export function plainTruths(argv: readonly string[], flags: KnownFlags): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const seen = new Set<string>();
  return argv.flatMap((word, at) => {
    if (at >= end || takesNext(argv[at - 1], flags)) return [word];
    const given = truthWord(word, flags);
    if (given === undefined) return [word];
    const { name } = given;
    if (seen.has(name)) throw new InputError('usage', `Flag --${name} can only be specified once`);
    seen.add(name);
    if (truthOf(given)) return [`--${name}`];
    return flags[name]?.allowNo === true ? [`--no-${name}`] : [];
  });
}

function truthWord(word: string, flags: KnownFlags): TruthWord | undefined {
  const [, long, letter, value] = /^(?:--([\w-]+)|-(\w))(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined && isTruth(flags, long)) return { name: long, isNegated: false, value };
  const positive = long?.startsWith('no-') === true ? long.slice('no-'.length) : undefined;
  if (positive !== undefined && isTruth(flags, positive) && flags[positive]?.allowNo === true) {
    return { name: positive, isNegated: true, value };
  }
  const [name] = Object.entries(flags).find(([, { char }]) => letter !== undefined && char === letter) ?? [];
  return name !== undefined && isTruth(flags, name) ? { name, isNegated: false, value } : undefined;
}

function isTruth(flags: KnownFlags, name: string): boolean {
  return Object.hasOwn(flags, name) && flags[name]?.type === 'boolean';
}

function truthOf({ name, isNegated, value }: TruthWord): boolean {
  const truth = value === undefined ? true : parseGoBool(value);
  const column = `--${isNegated ? 'no-' : ''}${name}`;
  // Somebody may have meant the flag that takes the passphrase itself.
  const said = name.includes('passphrase') ? 'what it is given' : JSON.stringify(value);
  if (truth === undefined) throw new InputError('bad_value', `${said} is neither true nor false`, { column });
  return truth !== isNegated;
}

/** Whether the word after this one is its value, whatever it looks like. */
function takesNext(word: string | undefined, flags: KnownFlags): boolean {
  const [, long, letter] = /^(?:--([\w-]+)|-(\w))$/.exec(word ?? '') ?? [];
  return Object.entries(flags).some(
    ([name, { type, char }]) =>
      type === 'option' && (name === long || (letter !== undefined && char === letter)),
  );
}
