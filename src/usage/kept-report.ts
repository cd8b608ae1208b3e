import { z } from 'zod';
import type { CouchDocument, StoredDocument } from '../couchdb/documents.ts';
import { isNoDatabase, unlessNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { defined } from '../defined.ts';
import { incarnationOf } from '../instances/documents/incarnation.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { parseGoTime } from './go-time.ts';
import { type MeasuredInstance, type Measures, READINGS } from './measure-instance.ts';
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
  diskShare: z.number().min(0).optional(),
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
  const documents = await documentsOf(global, instances, signal);
  return instances.map((instance, at) => {
    const { data } = row.safeParse(documents[at]);
    if (data === undefined || data.incarnation !== incarnationOf(instance)) {
      return { instance, measures: {}, problems: [], at: undefined };
    }
    const { outside, problems, apps, v: _v, incarnation: _of, at: measuredAt, ...others } = data;
    const measures: Measures = {
      ...defined(others),
      ...(apps && { apps: apps.map((each) => ({ ...each, source: '' })) }),
    };
    return { instance, measures, problems, ...(outside && { outside }), at: Date.parse(measuredAt) };
  });
}

/** Keeps what was measured, page by page, in the place of what was kept before. */
export interface ReportKeeper {
  /** @throws CouchError */
  add(measured: MeasuredInstance): Promise<void>;
  /** Says that all instances were measured, and forgets those that are gone. @throws CouchError */
  end(summary: UsageSummary): Promise<void>;
}

/** @param now milliseconds since 1970 */
export function keepReport(global: CouchServer, now: () => number, signal?: AbortSignal): ReportKeeper {
  const startedAt = new Date(now()).toISOString();
  let page: MeasuredInstance[] = [];

  async function write(): Promise<void> {
    if (page.length === 0) return;
    const at = new Date(now()).toISOString();
    const before = await documentsOf(
      global,
      page.map(({ instance }) => instance),
      signal,
    );
    const documents = page.map((measured, index) => rowOf(measured, at, before[index]?._rev));
    page = [];
    await inDatabase(global, () => global.bulkInsert(REPORT, documents, signal), signal);
  }

  return {
    async add(measured) {
      page.push(measured);
      if (page.length >= PAGE) await write();
    },
    async end(summary) {
      await write();
      const before = await unlessNoDatabase(global.getDocument(REPORT, HEAD, signal));
      const endedAt = new Date(now()).toISOString();
      const document = { ...revisionOf(before?._rev), _id: HEAD, v: 1, startedAt, endedAt, summary };
      await inDatabase(global, () => global.putDocument(REPORT, document, signal), signal);
      await forgetOlder(global, startedAt, signal);
    },
  };
}

function rowOf(
  { instance, measures, problems, outside }: MeasuredInstance,
  at: string,
  rev: string | undefined,
): CouchDocument {
  const { lastActivity, creation, files, diskUsed, diskShare, apps } = measures;
  return {
    ...revisionOf(rev),
    _id: rowId(instance),
    v: 1,
    incarnation: incarnationOf(instance),
    at,
    outside,
    lastActivity: lastActivity?.text,
    creation: creation?.text,
    files,
    diskUsed,
    diskShare,
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
      await global.bulkInsert(REPORT, removed, signal);
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
  instances: readonly { readonly _id: string }[],
  signal: AbortSignal | undefined,
): Promise<readonly (StoredDocument | undefined)[]> {
  if (instances.length === 0) return [];
  const query = { keys: instances.map(rowId), includeDocs: true };
  const rows = await unlessNoDatabase(global.allDocuments(REPORT, query, signal));
  return instances.map((_, at) => rows?.[at]?.doc ?? undefined);
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
    await global.createDatabase(REPORT, signal, 'server');
    return await write();
  }
}

function rowId({ _id }: { readonly _id: string }): string {
  return `instance:${_id}`;
}

function revisionOf(rev: string | undefined): { _rev?: string } {
  return rev === undefined ? {} : { _rev: rev };
}
