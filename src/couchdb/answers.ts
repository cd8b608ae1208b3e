import * as z from 'zod';
import { toError } from '../errors.ts';
import type {
  BulkRow,
  Change,
  Changes,
  CouchDocument,
  DatabaseFacts,
  IndexAnswer,
  StoredDocument,
  ViewQuery,
  ViewRow,
} from './documents.ts';
import type { CouchAnswer } from './errors.ts';
import { tlsFault } from './tls-fault.ts';
import type { Exchange } from './transport.ts';

/**
 * What an answer has to be: its shape, and what of it depends on the request. Schemas are made once, for making one
 * costs more than reading an answer by it; documents are looked at and not copied, for there may be thousands.
 */
export interface ExpectedAnswer<T> {
  readonly schema: z.ZodType<T>;
  fits?(value: T): boolean;
}

const stored = z.custom<StoredDocument>(
  (value) => isObject(value) && typeof value['_id'] === 'string' && typeof value['_rev'] === 'string',
);

/** A database was made or deleted. */
export const databaseDone: ExpectedAnswer<unknown> = { schema: z.object({ ok: z.literal(true) }) };

const info = z.object({ db_name: z.string() });

/** What is known of the database with that name. */
export function databaseInfo(name: string): ExpectedAnswer<z.infer<typeof info>> {
  return { schema: info, fits: ({ db_name }) => db_name === name };
}

/** The same, with what distinguishes it from another of that name. */
export function databaseFacts(name: string): ExpectedAnswer<DatabaseFacts> {
  return {
    schema: z
      .object({
        db_name: z.literal(name),
        doc_count: z.int().min(0),
        instance_start_time: z.string().default('0'),
        cluster: z.object({ n: z.int() }).optional().catch(undefined),
        update_seq: z.union([z.string(), z.number()]),
      })
      .transform(({ doc_count, instance_start_time, cluster, update_seq }): DatabaseFacts => {
        return {
          documents: doc_count,
          madeAt: instance_start_time,
          copies: cluster?.n,
          sequence: String(update_seq),
        };
      }),
  };
}

const names = z.array(z.string());

/** Names of databases that begin with `start`: others were not asked for, so that the answer is another request's. */
export function databaseNames(start: string): ExpectedAnswer<string[]> {
  return { schema: names, fits: (found) => found.every((name) => name.startsWith(start)) };
}

const written = z.object({ ok: z.literal(true), id: z.string(), rev: z.string().min(1) });

/** The document with that id was written, and has a new revision. */
export function writtenDocument(id: string): ExpectedAnswer<z.infer<typeof written>> {
  return { schema: written, fits: (answer) => answer.id === id };
}

/** The document with that id. */
export function documentWithId(id: string): ExpectedAnswer<StoredDocument> {
  return { schema: stored, fits: ({ _id }) => _id === id };
}

const bulkRow: z.ZodType<BulkRow> = z.union([
  written,
  z.object({ id: z.string(), error: z.string(), reason: z.string().optional() }),
]);

const bulk = z.array(bulkRow);

/** A row for each of these documents, in their order. */
export function bulkRows(documents: readonly CouchDocument[]): ExpectedAnswer<BulkRow[]> {
  return {
    schema: bulk,
    fits: (rows) => rows.length === documents.length && rows.every(({ id }, at) => id === documents[at]?._id),
  };
}

const foundRow = z.object({ id: z.string(), key: z.unknown(), doc: stored.nullable().optional() });

/** Stands for a key of the query under which there is no document. */
const missingRow = z
  .object({ key: z.string(), error: z.literal('not_found') })
  .transform(({ key, error }): ViewRow => ({ id: key, key, error }));

const rows = z.object({ rows: z.array(foundRow) }).transform(({ rows }): ViewRow[] => rows);

const rowsByKey = z
  .object({ rows: z.array(z.union([foundRow, missingRow])) })
  .transform(({ rows }): ViewRow[] => rows);

/** The rows of a view. */
export function viewRows({ includeDocs, limit = Infinity }: ViewQuery): ExpectedAnswer<ViewRow[]> {
  return { schema: rows, fits: (found) => hasDocuments(found, includeDocs) && found.length <= limit };
}

/** What its reduce function makes of all rows, undefined where there are none, or how many there are. */
export type ViewTotal = 'reduced' | 'count';

/** How a view is asked for that, and how it answers. */
export const VIEW_TOTALS: Readonly<
  Record<ViewTotal, { readonly query: string; readonly expected: ExpectedAnswer<unknown> }>
> = {
  reduced: {
    query: '?reduce=true',
    expected: {
      schema: z
        .object({ rows: z.array(z.object({ key: z.null(), value: z.unknown() })).max(1) })
        .transform(({ rows }): unknown => rows[0]?.value),
    },
  },
  count: {
    query: '?reduce=false&limit=0',
    expected: {
      schema: z
        .object({ total_rows: z.int().min(0), rows: z.tuple([]) })
        .transform(({ total_rows: total }): number => total),
    },
  },
};

/** The rows of `_all_docs`: for keys one each, in their order. */
export function documentRows(query: ViewQuery): ExpectedAnswer<ViewRow[]> {
  const { keys } = query;
  if (keys === undefined) return viewRows(query);
  return {
    schema: rowsByKey,
    fits: (found) =>
      hasDocuments(found, query.includeDocs) &&
      found.length === keys.length &&
      found.every(({ key }, at) => key === keys[at]),
  };
}

/** A row whose document was asked for has one, or a null for one that is gone. */
function hasDocuments(found: readonly ViewRow[], includeDocs: boolean | undefined): boolean {
  return includeDocs !== true || found.every(({ doc, error }) => doc !== undefined || error !== undefined);
}

/** What a Mango query has found. */
export const foundDocuments: ExpectedAnswer<StoredDocument[]> = {
  schema: z.object({ docs: z.array(stored) }).transform(({ docs }): StoredDocument[] => docs),
};

const change: z.ZodType<Change> = z.object({
  id: z.string(),
  deleted: z.boolean().optional(),
  doc: z.custom<CouchDocument>((value) => isObject(value) && typeof value['_id'] === 'string'),
});

/** A page of `_changes` with documents. */
export const changesPage: ExpectedAnswer<Changes> = {
  schema: z
    .object({ results: z.array(change), last_seq: z.union([z.string(), z.number()]) })
    .transform(({ results, last_seq }): Changes => ({ changes: results, lastSequence: String(last_seq) })),
};

/** An index was made, or was there. */
export const indexAnswer: ExpectedAnswer<IndexAnswer> = {
  schema: z.object({ result: z.enum(['created', 'exists']), id: z.string().startsWith('_design/') }),
};

const said = z.object({ error: z.string().min(1), reason: z.string().nullable() });

/**
 * How CouchDB says that it did not do what was asked. Of a `_bulk_docs` of which nothing could be stored it says so
 * row by row; the first of them stands for all.
 */
const refusal = z.union([
  said,
  z.array(z.union([said, bulkRow])).transform((rows, context) => {
    const failed = rows.find((row) => said.safeParse(row).success);
    const { data } = said.safeParse(failed);
    if (data !== undefined) return data;
    context.addIssue({ code: 'custom', message: 'no row says what failed' });
    return z.NEVER;
  }),
]);

/** An answer as it is to be taken: what was asked for, CouchDB's own refusal, or nothing that can be believed. */
export type AnswerResult<T> = { readonly value: T } | { readonly refused: CouchAnswer };

/** Takes an exchange for what it is: a success only with all that was asked for, a refusal only in CouchDB's words. */
export function readExchange<T>(exchange: Exchange, expected: ExpectedAnswer<T>): AnswerResult<T> {
  const { status, body, retryAfter } = exchange;
  if (status >= 200 && status < 300) {
    const read = expected.schema.safeParse(body);
    const isAnswer = read.success && (expected.fits?.(read.data) ?? true);
    return isAnswer ? { value: read.data } : { refused: foreign(exchange) };
  }
  const { data } = refusal.safeParse(body);
  if (data === undefined || status < 400 || isOtherNotFound(status, data.error)) {
    return { refused: foreign(exchange) };
  }
  return { refused: { status, error: data.error, reason: data.reason ?? '', retryAfter } };
}

/** CouchDB's 404 has always the same `error`; other servers have words of their own. */
function isOtherNotFound(status: number, error: string): boolean {
  return status === 404 && error !== 'not_found';
}

function foreign(exchange: Exchange): CouchAnswer {
  const { status, retryAfter } = exchange;
  const reason = `${status} with ${describeBody(exchange)} instead of an answer of CouchDB`;
  return { status: undefined, error: '', reason, foreignStatus: status, retryAfter };
}

function describeBody({ body, length, type }: Exchange): string {
  if (length === 0) return 'an empty body';
  if (body !== undefined) return 'JSON that was not asked for';
  return type === '' || type.endsWith('json') ? 'a body that is not whole JSON' : `a body of type ${type}`;
}

/** No answer came, or not a whole one. */
export function noAnswer(thrown: unknown): CouchAnswer {
  return { status: undefined, error: '', reason: toError(thrown).message, fault: tlsFault(thrown) };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
