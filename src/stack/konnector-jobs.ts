import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { CouchDocument, StoredDocument } from '../couchdb/documents.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseName } from '../instances/databases/prefix.ts';
import { pause } from '../pause.ts';
import { askStackRedis } from './connect.ts';
import { documentsById } from './documents.ts';
import { prefixOnCluster, type StackInstance } from './stack-instance.ts';

export const JOBS = 'io.cozy.jobs';

/** Where the stack looks first for jobs of konnectors (`docs/cozy-data.md` §6.4). */
const QUEUE = 'j/konnector/p0';

/** How long the push of a job is remembered: longer than until a destruction is tried again. */
const MEMORY_SECONDS = 7 * 24 * 3600;

/** How Go writes a time that is not set. */
const NEVER = '0001-01-01T00:00:00Z';

/** How jobs are waited for. */
export interface JobTimes {
  /** Milliseconds from the push of a job until it is given up. */
  readonly timeoutMs: number;
  /** Milliseconds between two looks at the documents of jobs. */
  readonly pollMs: number;
}

/** The stack waits as long for konnectors (`docs/cozy-data.md` §6.4). */
const STACK_TIMES: JobTimes = { timeoutMs: 10 * 60_000, pollMs: 1_000 };

/** An account that a konnector is to delete at its provider. */
export interface AccountDeletion {
  readonly account: string;
  /** Its revision right before it was deleted. */
  readonly rev: string;
  /** Slug of its konnector. */
  readonly konnector: string;
}

/**
 * Id of the job that deletes an account at its provider. It follows from the account, so that a job is
 * made once however often a destruction is resumed.
 * @param attempt from 0; another one only after the job before it has failed
 */
export function accountDeletionId(
  { prefix }: StackInstance,
  deletion: AccountDeletion,
  attempt: number,
): string {
  const { account, rev, konnector } = deletion;
  const text = JSON.stringify(['on_delete_account', prefix, account, rev, konnector, attempt]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The job's document (`docs/cozy-data.md` §6.4). */
export function accountDeletionJob(
  instance: StackInstance,
  { account, rev, konnector }: AccountDeletion,
  id: string,
  now: Date,
): CouchDocument {
  const { domain, prefix, couchCluster = 0 } = instance;
  return {
    _id: id,
    ...(couchCluster > 0 && { couch_cluster: couchCluster }),
    domain,
    prefix,
    worker: 'konnector',
    message: { account, account_rev: rev, konnector, account_deleted: true },
    event: null,
    manual_execution: true,
    state: 'queued',
    queued_at: now.toISOString(),
    started_at: NEVER,
    finished_at: NEVER,
  };
}

/** KEYS: memory of the push, queue. ARGV: seconds, entry. */
const PUSH_ONCE = `
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
  redis.call('LPUSH', KEYS[2], ARGV[2])
  return 1
end
return 0
`;

/**
 * Hands a job whose document is there to the stack's workers, unless that was done before: a stack that
 * has taken it from the queue says so in its document only when a worker is free.
 * @returns whether it was handed over now
 * @throws StackRedisAway
 */
export async function pushKonnectorJob(
  redis: Redis,
  instance: StackInstance,
  jobId: string,
): Promise<boolean> {
  const memory = `cozy-fleet:pushed:${instance.prefix}/${jobId}`;
  const entry = `${prefixOnCluster(instance)}/${jobId}`;
  const pushed = await askStackRedis(redis, () =>
    redis.eval(PUSH_ONCE, 2, memory, QUEUE, MEMORY_SECONDS, entry),
  );
  return pushed === 1;
}

/** A job that is under way. */
export interface PushedJob {
  readonly id: string;
  /** When it was handed over, in milliseconds since 1970. */
  readonly since: number;
}

/** `given_up`: it did not end in time; counts as success, as in the stack. */
export type KonnectorJobEnd = 'done' | 'errored' | 'given_up';

export interface KonnectorWaitOptions {
  readonly signal: AbortSignal;
  readonly times?: JobTimes;
}

/**
 * Waits until all these jobs have ended, as their documents tell.
 * @returns how each ended, by id
 */
export async function waitForKonnectorJobs(
  server: CouchServer,
  instance: StackInstance,
  jobs: readonly PushedJob[],
  { signal, times: { timeoutMs, pollMs } = STACK_TIMES }: KonnectorWaitOptions,
): Promise<Map<string, KonnectorJobEnd>> {
  const database = databaseName(instance.prefix, JOBS);
  const ends = new Map<string, KonnectorJobEnd>();
  for (;;) {
    const open = jobs.filter(({ id }) => !ends.has(id));
    const documents = await documentsById(
      server,
      database,
      open.map(({ id }) => id),
      signal,
    );
    for (const { id, since } of open) {
      const end = endOf(documents.get(id)) ?? (Date.now() >= since + timeoutMs ? 'given_up' : undefined);
      if (end !== undefined) ends.set(id, end);
    }
    if (ends.size >= jobs.length) return ends;
    await pause(pollMs, signal);
  }
}

/** How the job ended; undefined while it has not, or where a node of CouchDB has not seen it yet. */
export function endOf(job: StoredDocument | undefined): 'done' | 'errored' | undefined {
  const state = job?.['state'];
  return state === 'done' || state === 'errored' ? state : undefined;
}
