import { unlessNoDatabase } from '../couchdb/errors.ts';
import { everyDocument } from '../couchdb/every-document.ts';
import type { CouchServer, StoredDocument } from '../couchdb/server.ts';
import type { ExistingInstance } from '../instances/change/existing-instance.ts';
import { databaseName, databasePrefix } from '../instances/databases/prefix.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { stackMessage } from '../instances/documents/stack-message.ts';
import { refuseSharedDatabases } from '../instances/lookup/sharing.ts';
import { deleteDocuments, type SeenDocument } from './delete-documents.ts';
import { type GoTime, isBefore, parseGoTime } from './go-time.ts';

/** Where a stack keeps its jobs. */
export const JOBS = 'io.cozy.jobs';

/** Which jobs of a stack are too old to be kept. */
export interface JobAge {
  /** Milliseconds since a job was queued. */
  readonly olderThanMs: number;
  /** Workers of the stack; undefined = all. */
  readonly workers: readonly string[] | undefined;
}

/** A job that has ended, as far as it matters here. */
interface EndedJob extends SeenDocument {
  readonly worker: string;
  readonly state: string;
  readonly trigger: string | undefined;
  readonly queuedAt: GoTime;
}

/** Jobs that stay of each worker and state, as in a stack; the newest here, while a stack keeps the oldest. */
const KEPT_OF_WORKER = 50;

/** States in which a job is over: in any other one a stack may be at it. */
const ENDED: readonly string[] = ['done', 'errored'];

/**
 * The jobs that go, as `cozy-stack jobs purge-old-jobs` means it (`purgeJobs` in `web/jobs/jobs.go`): queued before that time,
 * and not among those that stay. Other than there, no job goes that has not ended, those that stay are the newest, and the
 * newest of each trigger and state stays as well, for a stack tells from it how the trigger is. A job that failed to have an
 * account deleted at its provider stays, too: nothing else says that the provider has to be told still. What cannot be read stays.
 *
 * @param now milliseconds since 1970
 */
export function jobsToPurge(
  documents: readonly StoredDocument[],
  { olderThanMs, workers }: JobAge,
  now: number,
): readonly SeenDocument[] {
  const ended = documents.flatMap(endedJob).sort(byNewest);
  const before = parseGoTime(new Date(now - olderThanMs).toISOString());
  const kept = new Map<string, number>();
  const isAmongNewest = (group: string, most: number): boolean => {
    const number = (kept.get(group) ?? 0) + 1;
    kept.set(group, number);
    return number <= most;
  };
  return ended.filter(({ worker, state, trigger, queuedAt }) => {
    const ofWorker = isAmongNewest(JSON.stringify(['worker', worker, state]), KEPT_OF_WORKER);
    const ofTrigger = trigger !== undefined && isAmongNewest(JSON.stringify(['trigger', trigger, state]), 1);
    if (ofWorker || ofTrigger || before === undefined) return false;
    return isBefore(queuedAt, before) && (workers === undefined || workers.includes(worker));
  });
}

function endedJob(document: StoredDocument): EndedJob[] {
  const { _id, _rev, worker, state, trigger_id: trigger, queued_at: queued, message } = document;
  if (typeof worker !== 'string' || typeof state !== 'string' || !ENDED.includes(state)) return [];
  if (state === 'errored' && isAccountDeletion(message)) return [];
  const queuedAt = typeof queued === 'string' ? parseGoTime(queued) : undefined;
  if (queuedAt === undefined) return [];
  return [{ _id, _rev, worker, state, trigger: typeof trigger === 'string' ? trigger : undefined, queuedAt }];
}

function byNewest(one: EndedJob, other: EndedJob): number {
  if (isBefore(one.queuedAt, other.queuedAt)) return 1;
  if (isBefore(other.queuedAt, one.queuedAt)) return -1;
  return one._id < other._id ? -1 : 1;
}

/** Jobs that are to go. */
export interface JobPurge extends ExistingInstance, JobAge {
  /** Told before anything is deleted. */
  willWrite(): Promise<void>;
}

/**
 * Deletes the old jobs of an instance, but those that somebody has written since they were read.
 *
 * @returns how many went
 * @throws Refusal `shared_prefix`, and what the guard throws; CouchError
 */
export async function purgeJobs(purge: JobPurge, instance: StoredInstance): Promise<number> {
  const server = purge.cluster(instance.couch_cluster);
  const old = await findOldJobs(server, instance, purge, purge.signal);
  if (old.length === 0) return 0;
  refuseSharedDatabases(await purge.prefixIndex.refresh(purge.signal), instance);
  await purge.willWrite();
  const database = databaseName(databasePrefix(instance), JOBS);
  return await deleteDocuments(purge, { server, database }, old);
}

/** Looks which jobs of an instance are to go; where there is no database of them, none is. */
export async function findOldJobs(
  server: CouchServer,
  instance: StoredInstance,
  age: JobAge,
  signal?: AbortSignal,
): Promise<readonly SeenDocument[]> {
  const documents: StoredDocument[] = [];
  const database = databaseName(databasePrefix(instance), JOBS);
  const reading = async () => {
    for await (const document of everyDocument(server, database, signal)) documents.push(bare(document));
  };
  await unlessNoDatabase(reading());
  return jobsToPurge(documents, age, Date.now());
}

/** Without most of its message and its results, which may be large: all jobs of an instance are held at once. */
function bare({ _id, _rev, worker, state, trigger_id, queued_at, message }: StoredDocument): StoredDocument {
  const told = isAccountDeletion(message) && { message: { account_deleted: true } };
  return { _id, _rev, worker, state, trigger_id, queued_at, ...told };
}

/** Whether a job is to have a konnector delete an account at its provider that is deleted here (`docs/cozy-data.md` §6.4). */
function isAccountDeletion(stored: unknown): boolean {
  const message = stackMessage(stored);
  return (
    typeof message === 'object' &&
    message !== null &&
    'account_deleted' in message &&
    message.account_deleted === true
  );
}
