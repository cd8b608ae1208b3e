import { isUtf8 } from 'node:buffer';
import type { RowProblem } from '../row-format.ts';
import { type LdifEnd, LdifEndReader } from './ldif-end.ts';
import type { LdifLine } from './ldif-lines.ts';

/** An entry of a directory, with the attributes that are wanted. */
export interface LdifEntry {
  readonly kind: 'entry';
  /** Where it begins, from 1. */
  readonly line: number;
  /** Values by the name of the attribute in small letters, in their order. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** An attribute with its options, how its value is written, and the value. */
const ATTRIBUTE = /^([A-Za-z][A-Za-z0-9-]{0,99}|[0-9.]{1,99})((?:;[A-Za-z0-9-]{1,99}){0,20}):([:<]?)(.*)$/s;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

interface Draft {
  readonly line: number;
  readonly values: Map<string, string[]>;
  problem: string | undefined;
}

/**
 * Reads the entries of an LDIF. An entry that is not followed by an empty line may have been cut, and is none.
 * @param wanted names of attributes, in small letters; others are not looked at
 * @param onEnd told once how the file ends
 */
export async function* ldifEntries(
  lines: AsyncIterable<LdifLine>,
  wanted: ReadonlySet<string>,
  onEnd: (end: LdifEnd) => void,
): AsyncGenerator<LdifEntry | RowProblem> {
  const end = new LdifEndReader();
  let draft: Draft | undefined;
  let isInOther = false;
  for await (const { number, text } of lines) {
    if (text === '') {
      if (draft !== undefined) yield finished(draft, end);
      draft = undefined;
      isInOther = false;
      continue;
    }
    if (text.startsWith('#')) {
      end.comment(text);
      continue;
    }
    const attribute = readAttribute(text);
    if (draft !== undefined) {
      addTo(draft, attribute, wanted);
    } else if (attribute?.name === 'dn') {
      draft = { line: number, values: new Map(), problem: undefined };
    } else if (isInOther || (attribute !== undefined && OF_RESULTS.has(attribute.name))) {
      isInOther = true;
      if (attribute !== undefined) end.told(attribute.name, decoded(attribute) ?? '');
    } else if (attribute?.name !== 'version') {
      yield { kind: 'problem', line: number, message: 'the line belongs to no entry: none began with "dn:"' };
    }
  }
  if (draft !== undefined) {
    yield {
      kind: 'problem',
      line: draft.line,
      message: 'the file ends within this entry: it may have been cut',
    };
  }
  onEnd(end.end);
}

/** With what a record begins that tells of the search. */
const OF_RESULTS: ReadonlySet<string> = new Set(['search', 'result', 'ref']);

function finished({ line, values, problem }: Draft, end: LdifEndReader): LdifEntry | RowProblem {
  end.entry();
  return problem === undefined
    ? { kind: 'entry', line, values }
    : { kind: 'problem', line, message: problem };
}

interface Attribute {
  /** In small letters, without options. */
  readonly name: string;
  readonly hasOptions: boolean;
  readonly form: 'plain' | 'base64' | 'elsewhere';
  readonly text: string;
}

function readAttribute(line: string): Attribute | undefined {
  const [, name, options = '', mark = '', text = ''] = ATTRIBUTE.exec(line) ?? [];
  if (name === undefined) return undefined;
  const form = mark === ':' ? 'base64' : mark === '<' ? 'elsewhere' : 'plain';
  return { name: name.toLowerCase(), hasOptions: options !== '', form, text: withoutFill(text) };
}

/** What stands between the colon and the value is no part of it. */
function withoutFill(text: string): string {
  let at = 0;
  while (text[at] === ' ') at += 1;
  return text.slice(at);
}

function addTo(draft: Draft, attribute: Attribute | undefined, wanted: ReadonlySet<string>): void {
  if (attribute === undefined) {
    draft.problem ??= 'a line of it is no attribute with a value';
    return;
  }
  const { name, hasOptions } = attribute;
  if (name === 'changetype') draft.problem ??= 'it is a change of an entry, and not an entry';
  // The same in another language is another value.
  if (hasOptions || !wanted.has(name)) return;
  const value = decoded(attribute);
  if (value === undefined) {
    const why = attribute.form === 'elsewhere' ? 'is in another file' : 'is not text in base64';
    draft.problem ??= `the value of ${name} ${why}`;
    return;
  }
  draft.values.set(name, [...(draft.values.get(name) ?? []), value]);
}

/** Its value as a text; undefined where it is none. */
function decoded({ form, text }: Attribute): string | undefined {
  if (form === 'plain') return text;
  if (form === 'elsewhere' || !BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
