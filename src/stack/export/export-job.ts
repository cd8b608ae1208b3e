import * as z from 'zod';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import { pause } from '../../pause.ts';
import { ExportError } from './export-error.ts';
import type { OwnerDatabases } from './owner-databases.ts';
import { safeReason } from './safe-reason.ts';
import type { StackAdmin } from './stack-admin.ts';

/** The database of the documents of exports, beside the instances. */
const EXPORTS = 'global/io-cozy-exports';

const JOBS = 'io.cozy.jobs';

/** A stack refuses another export for as long after one that did not end (`model/move/doc.go`), in milliseconds. */
const REFUSED_MS = 24 * 60 * 60 * 1000;

/** A stack stops an export after an hour; one that says nothing for longer has lost its worker, in milliseconds. */
const LONGEST_MS = 70 * 60 * 1000;

/** Documents of one instance that are read; a stack removes none of them. */
const MOST_EXPORTS = 5_000;

/** How often a stack's job is looked at, in milliseconds. */
export const LOOK_MS = 1_000;

const exportDocument = z.object({
  _id: z.string().min(1),
  domain: z.string(),
  state: z.string(),
  created_at: z.string(),
  parts_cursors: z.array(z.string()).nullish(),
  error: z.string().optional(),
});

/** An export as the stack describes it. */
export type ExportDocument = z.infer<typeof exportDocument>;

const stackJob = z.object({ state: z.string(), error: z.string().optional() });

export interface StackExportOptions {
  readonly admin: StackAdmin;
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  readonly databases: OwnerDatabases;
  readonly domain: string;
  /** How often the job is looked at, in milliseconds. */
  readonly lookMs: number;
  /** How long it may take, in milliseconds, where that is to be other than usual. */
  readonly longestMs?: number | undefined;
  /** Asked right before the stack is asked for an export. */
  assertHeld(): void;
  /** Asked before the stack is asked for an export, and before each part. @throws where there is to be none any more */
  ask?(): Promise<void>;
}

/**
 * Has the stack export an instance, and waits until it is done. An export that is under way, such as one that an earlier
 * attempt asked for, is waited for first; whether what it made is the instance as it is, its comparison tells.
 * @throws ExportError `export_busy`, `export_failed`, and as `StackAdmin`
 */
export async function exportByStack(options: StackExportOptions): Promise<ExportDocument> {
  const { admin, domain, databases } = options;
  const { signal } = databases;
  const before = await waitForOthers(options);
  await options.ask?.();
  options.assertHeld();
  const jobId = await admin.startExport(domain, signal);
  await waitForJob(options, jobId);
  const known = new Set(before.map(({ _id }) => _id));
  const made = (await exportsOf(options)).filter(({ _id, state }) => state === 'done' && !known.has(_id));
  const [newest] = made.sort((one, other) => Date.parse(other.created_at) - Date.parse(one.created_at));
  if (newest !== undefined) return newest;
  throw failed(domain, 'its job ended well, and there is no document of a new archive');
}

/** @returns the exports that there were before */
async function waitForOthers(options: StackExportOptions): Promise<readonly ExportDocument[]> {
  const { domain, databases, lookMs, longestMs = LONGEST_MS } = options;
  for (;;) {
    const found = await exportsOf(options);
    const busy = found.find(
      ({ state, created_at }) => state === 'exporting' && ageOf(created_at) < REFUSED_MS,
    );
    if (busy === undefined) return found;
    if (ageOf(busy.created_at) > longestMs) throw stuck(domain, busy);
    await pause(lookMs, databases.signal);
  }
}

async function waitForJob(options: StackExportOptions, jobId: string): Promise<void> {
  const { domain, databases, lookMs, longestMs = LONGEST_MS } = options;
  const { server, prefix, signal } = databases;
  const begun = performance.now();
  for (;;) {
    const document = await server.getDocument(databaseName(prefix, JOBS), jobId, signal);
    const { state, error = '' } = stackJob.safeParse(document).data ?? {};
    if (state === 'done') return;
    if (state === 'errored') {
      // The stack's own word for an export that is under way (`model/move/errors.go`).
      if (error.includes('an archive is already being created')) throw busyAtStack(domain);
      throw failed(domain, safeReason(error));
    }
    if (performance.now() - begun > longestMs) {
      throw failed(
        domain,
        `its job ${jobId} is ${state ?? 'not to be read'} for longer than the stack lets one run`,
      );
    }
    await pause(lookMs, signal);
  }
}

async function exportsOf({ global, domain, databases }: StackExportOptions): Promise<ExportDocument[]> {
  // Both fields, so that the stack's own index is used where there is one.
  const query = { selector: { domain, created_at: { $gt: null } }, limit: MOST_EXPORTS };
  const found = (await unlessNoDatabase(global.find(EXPORTS, query, databases.signal))) ?? [];
  return found.flatMap((document) => exportDocument.safeParse(document).data ?? []);
}

/** Milliseconds; of what has no readable time, none. */
function ageOf(createdAt: string): number {
  const time = Date.parse(createdAt);
  return Number.isNaN(time) ? 0 : Date.now() - time;
}

function stuck(domain: string, { created_at }: ExportDocument): ExportError {
  const until = new Date(Date.parse(created_at) + REFUSED_MS).toISOString();
  return new ExportError(
    'export_busy',
    `an export of ${domain} that began at ${created_at} has not ended: the stack's worker has died, or is at it still`,
    `The stack refuses another one until ${until}. It goes on then; no try is spent.`,
    'outage',
  );
}

function busyAtStack(domain: string): ExportError {
  return new ExportError(
    'export_busy',
    `the stack is exporting ${domain} already`,
    'It is tried again once that has ended.',
    'retry',
  );
}

function failed(domain: string, why: string): ExportError {
  return new ExportError(
    'export_failed',
    `the stack has not exported ${domain}: ${why}`,
    "The stack's log has more. It is tried again; the instance is as it was.",
    'retry',
  );
}
