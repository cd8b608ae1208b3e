import { type ErrorText, errorText } from './error-text.ts';
import type { Masker } from './mask-secrets.ts';

/**
 * What a value may be: an `id` of ours or of a document, a `name` of a thing, a `sentence` in which others had a part, a
 * `number`, or an `error` as it was thrown.
 */
const FIELDS = {
  worker: 'id',
  deadWorker: 'id',
  job: 'id',
  domain: 'name',
  batch: 'id',
  row: 'number',
  kind: 'name',
  stage: 'name',
  outcome: 'name',
  ms: 'number',
  tries: 'number',
  next: 'name',
  code: 'name',
  app: 'name',
  accounts: 'number',
  document: 'id',
  field: 'name',
  event: 'name',
  target: 'name',
  upstream: 'name',
  directory: 'name',
  entry: 'name',
  concurrency: 'number',
  total: 'number',
  queued: 'number',
  by: 'name',
  request: 'name',
  method: 'name',
  route: 'name',
  status: 'number',
  publicHost: 'name',
  publicPort: 'number',
  adminHost: 'name',
  adminPort: 'number',
  reason: 'sentence',
  problem: 'sentence',
  error: 'error',
} as const;

interface ValueTypes {
  readonly id: string;
  readonly name: string;
  readonly sentence: string;
  readonly number: number;
  readonly error: unknown;
}

type FieldName = keyof typeof FIELDS;

/** All that a line of the log can say beside its message: nothing else has a way into it. */
export type LogFields = { readonly [Name in FieldName]?: ValueTypes[(typeof FIELDS)[Name]] | undefined };

/** The same as it is written; an error has become its code and its text. */
export type WrittenFields = Readonly<Record<string, string | number>>;

/** Longest values, in characters: whatever is longer was not meant for a log. */
const LONGEST = { id: 300, name: 300, sentence: 1000 } as const;

/** What is written of fields: what is of another type than it should be is left out. */
export function writtenFields(fields: LogFields, mask: Masker): WrittenFields {
  const written: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!isFieldName(name) || value === undefined) continue;
    const sort = FIELDS[name];
    switch (sort) {
      case 'number':
        if (typeof value === 'number' && Number.isFinite(value)) written[name] = value;
        break;
      case 'id':
        // An id looks like a token, and is none.
        if (typeof value === 'string') written[name] = idText(value, mask);
        break;
      case 'name':
      case 'sentence':
        if (typeof value === 'string') written[name] = mask(value).slice(0, LONGEST[sort]);
        break;
      case 'error':
        putError(written, errorText(value), mask);
        break;
      default: {
        sort satisfies never;
      }
    }
  }
  return written;
}

function isFieldName(name: string): name is FieldName {
  return Object.hasOwn(FIELDS, name);
}

const PLAIN_ID = /^[\w-]{1,64}$/;

function idText(id: string, mask: Masker): string {
  return PLAIN_ID.test(id) ? id : mask(id).slice(0, LONGEST.id);
}

/** A code that was given besides is the better one. */
function putError(into: Record<string, string | number>, { code, text, at }: ErrorText, mask: Masker): void {
  if (code !== undefined && into['code'] === undefined) into['code'] = mask(code);
  into['error'] = mask(text).slice(0, LONGEST.sentence);
  if (at !== undefined) into['at'] = mask(at).slice(0, LONGEST.sentence);
}
