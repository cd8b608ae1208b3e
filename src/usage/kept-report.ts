import * as z from 'zod';
import type { BulkRow, CouchDocument, StoredDocument } from '../couchdb/documents.ts';
import { CouchError, isNoDatabase, unlessNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { defined } from '../defined.ts';
import { incarnationOf } from '../instances/documents/incarnation.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { parseGoTime } from './go-time.ts';
import { type MeasuredInstance, type Measures, READINGS } from './measure-instance.ts';
import { quotaOf, shareOf } from './read-measures.ts';
import { UnreadableMeasure } from './unreadable-measure.ts';
import { type UsageSummary, usageSummary } from './usage-summary.ts';

/**
 * The database with what was measured last, on the CouchDB of `couchdb.url`: a document for each instance, and one for all.
 * It is below no prefix. Neither e-mail addresses nor names are kept, nor anything secret.
 */
export const REPORT = 'cozy-fleet-report';

const HEAD = 'report';

/** Characters that are kept of why something could not be told. */
const MOST_OF_PROBLEM = 500;

/** Instances whose documents are read, and written, at a time. */
const PAGE = 200;

/** Times that a document is written that another report writes at the same time. */
const TRIES = 5;

const head = z.object({
  v: z.literal(1),
  /** ISO 8601. */
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  summary: usageSummary,
});

/** The report that was kept last. */
export interface KeptReport {
  /** Milliseconds since 1970: when its first instance was measured. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly summary: UsageSummary;
}

const time = z.string().transform((text, context) => {
  const parsed = parseGoTime(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'is no time' });
  return z.NEVER;
});

const app = z.object({ kind: z.enum(['webapp', 'konnector']), slug: z.string(), version: z.string() });

const row = z.object({
  v: z.literal(1),
  incarnation: z.string(),
  /** ISO 8601: when it was measured. */
  at: z.iso.datetime(),
  outside: z.enum(['provisioning', 'deleting', 'gone']).optional(),
  lastActivity: time.optional(),
  creation: time.optional(),
  files: z.int().min(0).optional(),
  diskUsed: z.number().min(0).optional(),
  apps: z.array(app).optional(),
  problems: z.array(
    z.object({ reading: z.enum(READINGS), code: z.string(), problem: z.string().max(MOST_OF_PROBLEM) }),
  ),
});

/** The last report; undefined where none was kept, or what is there is none of ours. */
export async function readKeptReport(
  global: CouchServer,
  signal?: AbortSignal,
): Promise<KeptReport | undefined> {
  const document = await unlessNoDatabase(global.getDocument(REPORT, HEAD, signal));
  const { data } = head.safeParse(document);
  if (data === undefined) return undefined;
  const { startedAt, endedAt, summary } = data;
  return { startedAt: Date.parse(startedAt), endedAt: Date.parse(endedAt), summary };
}

/**
 * What the report says of these instances, in their order. One that is not in it, or that has begun another life since, has
 * neither measures nor problems.
 */
export async function readKeptMeasures(
  global: CouchServer,
  instances: readonly StoredInstance[],
  signal?: AbortSignal,
): Promise<readonly (MeasuredInstance & { readonly at: number | undefined })[]> {
  const documents = await documentsOf(global, instances.map(rowId), signal);
  return instances.map((instance, at) => {
    const { data } = row.safeParse(documents[at]);
    if (data === undefined || data.incarnation !== incarnationOf(instance)) {
      return { instance, measures: {}, problems: [], at: undefined };
    }
    const { outside, problems, apps, v: _v, incarnation: _of, at: measuredAt, ...others } = data;
    const share = shareNow(instance, others.diskUsed);
    const measures: Measures = {
      ...defined(others),
      ...share.measures,
      ...(apps && { apps: apps.map((each) => ({ ...each, source: '' })) }),
    };
    return {
      instance,
      measures,
      problems: [...problems, ...share.problems],
      ...(outside && { outside }),
      at: Date.parse(measuredAt),
    };
  });
}

/** A quota may have been given since: what was measured is a part of the one that there is now. */
function shareNow(
  instance: StoredInstance,
  diskUsed: number | undefined,
): Pick<MeasuredInstance, 'measures' | 'problems'> {
  if (diskUsed === undefined) return { measures: {}, problems: [] };
  try {
    const quota = quotaOf(instance);
    return { measures: quota === undefined ? {} : { diskShare: shareOf(diskUsed, quota) }, problems: [] };
  } catch (error) {
    if (!(error instanceof UnreadableMeasure)) throw error;
    const { code, message: problem } = error;
    return { measures: {}, problems: [{ reading: 'usage', code, problem }] };
  }
}

/** Keeps what was measured, page by page, in the place of what was kept before. */
export interface ReportKeeper {
  /** @throws CouchError, also where it takes only some of them */
  add(measured: MeasuredInstance): Promise<void>;
  /** Says that all instances were measured, and all is kept, and forgets those that are gone. @throws CouchError */
  end(summary: UsageSummary): Promise<void>;
}

/** @param now milliseconds since 1970 */
export function keepReport(global: CouchServer, now: () => number, signal?: AbortSignal): ReportKeeper {
  const startedAt = new Date(now()).toISOString();
  let page: MeasuredInstance[] = [];

  async function write(): Promise<void> {
    if (page.length === 0) return;
    const at = new Date(now()).toISOString();
    const documents = page.map((measured) => rowOf(measured, at));
    page = [];
    await replaceAll(global, documents, signal);
  }

  return {
    async add(measured) {
      page.push(measured);
      if (page.length >= PAGE) await write();
    },
    async end(summary) {
      await write();
      const endedAt = new Date(now()).toISOString();
      await replaceAll(global, [{ _id: HEAD, v: 1, startedAt, endedAt, summary }], signal);
      await forgetOlder(global, startedAt, signal);
    },
  };
}

function rowOf({ instance, measures, problems, outside }: MeasuredInstance, at: string): CouchDocument {
  const { lastActivity, creation, files, diskUsed, apps } = measures;
  return {
    _id: rowId(instance),
    v: 1,
    incarnation: incarnationOf(instance),
    at,
    outside,
    lastActivity: lastActivity?.text,
    creation: creation?.text,
    files,
    diskUsed,
    apps: apps?.map(({ kind, slug, version }) => ({ kind, slug, version })),
    problems: problems.map((each) => ({ ...each, problem: each.problem.slice(0, MOST_OF_PROBLEM) })),
  };
}

/** Removes rows of instances that were not met any more. */
async function forgetOlder(global: CouchServer, startedAt: string, signal?: AbortSignal): Promise<void> {
  const begin = Date.parse(startedAt);
  let startKey = rowId({ _id: '' });
  for (;;) {
    const rows = await global.allDocuments(REPORT, { startKey, limit: PAGE, includeDocs: true }, signal);
    const old = rows.flatMap(({ doc }) => (doc && isOlder(doc, begin) ? [doc] : []));
    if (old.length > 0) {
      const removed = old.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
      // What another report has written meanwhile is not old any more.
      conflictsIn(global, await global.bulkInsert(REPORT, removed, signal), 'removing');
    }
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    startKey = `${last.id}\u0000`;
  }
}

function isOlder({ _id, at }: StoredDocument, begin: number): boolean {
  return _id.startsWith(rowId({ _id: '' })) && typeof at === 'string' && Date.parse(at) < begin;
}

async function documentsOf(
  global: CouchServer,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly (StoredDocument | undefined)[]> {
  if (ids.length === 0) return [];
  const query = { keys: ids, includeDocs: true };
  const rows = await unlessNoDatabase(global.allDocuments(REPORT, query, signal));
  return ids.map((_, at) => rows?.[at]?.doc ?? undefined);
}

/**
 * Writes documents in the place of those that are there. Another report may write the same ones at the same time: then what is
 * written last stays.
 * @throws CouchError for a document that is refused, or that others write faster than this
 */
async function replaceAll(
  global: CouchServer,
  documents: readonly CouchDocument[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let left = documents;
  for (let tries = 1; ; tries += 1) {
    const before = await documentsOf(
      global,
      left.map(({ _id }) => _id),
      signal,
    );
    const written = left.map((document, at) => ({ ...document, ...revisionOf(before[at]?._rev) }));
    const rows = await inDatabase(global, () => global.bulkInsert(REPORT, written, signal), signal);
    const conflicts = conflictsIn(global, rows, 'writing');
    const [first] = conflicts;
    if (first === undefined) return;
    if (tries === TRIES) throw notKept(global, 'writing', first);
    const ids = new Set(conflicts.map(({ id }) => id));
    left = left.filter(({ _id }) => ids.has(_id));
  }
}

/** The rows that somebody else has written meanwhile. @throws CouchError for one that is refused for another reason */
function conflictsIn(global: CouchServer, rows: readonly BulkRow[], what: string): readonly BulkRow[] {
  const refused = rows.find(({ error }) => error !== undefined && error !== 'conflict');
  if (refused !== undefined) throw notKept(global, what, refused);
  return rows.filter(({ error }) => error !== undefined);
}

function notKept({ host }: CouchServer, what: string, { id, error = '', reason = '' }: BulkRow): CouchError {
  const status = error === 'conflict' ? 409 : error === 'forbidden' || error === 'unauthorized' ? 403 : 500;
  return new CouchError(host, `${what} ${id} of ${REPORT}`, { status, error, reason });
}

async function inDatabase<T>(
  global: CouchServer,
  write: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isNoDatabase(error)) throw error;
    await global.createDatabase(REPORT, signal, { shards: 'server' });
    return await write();
  }
}

function rowId({ _id }: { readonly _id: string }): string {
  return `instance:${_id}`;
}

function revisionOf(rev: string | undefined): { _rev?: string } {
  return rev === undefined ? {} : { _rev: rev };
}
