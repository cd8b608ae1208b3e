import type { Redis } from 'ioredis';
import type { StoredDocument } from '../couchdb/documents.ts';
import { isNoDocument, isStatus, unlessNoDatabase } from '../couchdb/errors.ts';
import type { CouchServer } from '../couchdb/server.ts';
import { databaseName } from '../instances/databases/prefix.ts';
import { Refusal } from '../instances/errors.ts';
import {
  type AccountPlan,
  konnectorOf,
  type LiveDeletion,
  planAccounts,
  softDeleted,
} from './account-plan.ts';
import { documentsById, documentsOf } from './documents.ts';
import { AccountHookFailed } from './errors.ts';
import {
  type AccountDeletion,
  accountDeletionId,
  accountDeletionJob,
  endOf,
  JOBS,
  type JobTimes,
  type PushedJob,
  pushKonnectorJob,
  waitForKonnectorJobs,
} from './konnector-jobs.ts';
import type { StackInstance } from './stack-instance.ts';

export const ACCOUNTS = 'io.cozy.accounts';
export const SOFT_DELETED = 'io.cozy.accounts.soft_deleted';
const KONNECTORS = 'io.cozy.konnectors';

/** Doctypes of the databases by which an instance has accounts, or had some when they were deleted. */
export const ACCOUNT_DATABASES: readonly string[] = [ACCOUNTS, SOFT_DELETED];

export interface AccountHooksOptions extends StackInstance {
  /** The CouchDB with the instance's databases. */
  readonly server: CouchServer;
  /** The Redis with the stack's jobs; undefined = no stack would take a job from us. */
  readonly stackRedis: Redis | undefined;
  /** Whether the operator leaves the accounts to their providers. */
  readonly skipAccounts: boolean;
  readonly signal: AbortSignal;
  /** Called right before each step that cannot be taken back. @throws when the job is not this worker's any more */
  assertHeld(): void;
  readonly times?: JobTimes;
}

/** What became of the accounts that konnectors had to delete at their providers, those of an earlier run included. */
export interface AccountHooksResult {
  /** Deleted at their providers. */
  readonly done: number;
  /** Their konnectors did not answer in time; counts as success, as in the stack. */
  readonly givenUp: number;
}

/** A deletion with the document of its job, before it is pushed. */
interface ReadyJob {
  readonly deletion: AccountDeletion;
  readonly document: StoredDocument;
}

/**
 * Has the konnectors of an instance delete its accounts at their providers, before the instance goes
 * (`docs/cozy-data.md` §6.4). Each step is found again by a later run: the copy by the account's id, the job
 * by an id that follows from the account, the push by a note in Redis. The job's document is written
 * before the account is deleted: a copy with a job is ours, and one without is of an account that a user deleted.
 *
 * @throws Refusal `accounts`, with nothing touched, when a stack is needed and cannot be had;
 * AccountHookFailed when a konnector failed, after which another run has it try again; CouchError; StackRedisAway
 */
export async function runAccountHooks(options: AccountHooksOptions): Promise<AccountHooksResult> {
  const { stackRedis, skipAccounts } = options;
  if (skipAccounts) return { done: 0, givenUp: 0 };
  const { plan, copied } = await assertAccountsCanGo(options);
  if (stackRedis === undefined || plan.live.length + copied.length === 0) return { done: 0, givenUp: 0 };

  return await deleteAtProviders(options, stackRedis, { live: plan.live, begun: copied });
}

/** How accounts are deleted beside a stack; `AccountHooksOptions` of an instance that stays. */
export type AccountDeletions = Omit<AccountHooksOptions, 'skipAccounts' | 'stackRedis'>;

/**
 * Deletes accounts and has their konnectors delete them at their providers, by steps that a later run finds again.
 * @param deletions accounts that are there, and those whose deletion an earlier run has begun
 * @throws AccountHookFailed when a konnector failed, after which another run has it try again; CouchError; StackRedisAway
 */
export async function deleteAtProviders(
  options: AccountDeletions,
  stackRedis: Redis,
  { live, begun }: { readonly live: readonly LiveDeletion[]; readonly begun: readonly AccountDeletion[] },
): Promise<AccountHooksResult> {
  const { server, signal, times } = options;
  const jobs: ReadyJob[] = [];
  await ensureCopies(options, live);
  for (const deletion of live) {
    await copy(options, deletion);
    const job = await ensureJob(options, deletion);
    await deleteOriginal(options, deletion);
    jobs.push(job);
  }
  for (const deletion of begun) jobs.push(await ensureJob(options, deletion));

  const pushed: PushedJob[] = [];
  for (const { document } of jobs) pushed.push(await push(options, stackRedis, document));
  const ends = await waitForKonnectorJobs(server, options, pushed, { signal, ...(times && { times }) });

  const failed = jobs.filter(({ document }) => ends.get(document._id) === 'errored');
  if (failed.length > 0) {
    throw new AccountHookFailed(distinct(failed.map(({ deletion }) => deletion.konnector)), failed.length);
  }
  const done = [...ends.values()].filter((end) => end === 'done').length;
  return { done, givenUp: jobs.length - done };
}

/** Copies accounts of which no provider is told, then deletes them. @throws CouchError */
export async function deleteUntold(options: AccountDeletions, live: readonly LiveDeletion[]): Promise<void> {
  await ensureCopies(options, live);
  for (const deletion of live) {
    await copy(options, deletion);
    await deleteOriginal(options, deletion);
  }
}

async function ensureCopies(
  { server, prefix, signal }: AccountDeletions,
  live: readonly LiveDeletion[],
): Promise<void> {
  if (live.length > 0) await server.createDatabase(databaseName(prefix, SOFT_DELETED), signal);
}

/**
 * Finds out which accounts have to be deleted elsewhere.
 * @throws Refusal `accounts` when a stack is needed for that and cannot be had; CouchError
 */
export async function assertAccountsCanGo(
  options: AccountHooksOptions,
): Promise<{ readonly plan: AccountPlan; readonly copied: readonly AccountDeletion[] }> {
  const plan = await readPlan(options);
  const copied = await startedBefore(options, plan.copied);
  const count = plan.live.length + copied.length;
  const isAlone = options.stackRedis === undefined && count > 0;
  if (plan.unknown.length > 0 || isAlone) throw refusal(options, plan, count);
  return { plan, copied };
}

async function readPlan({ server, prefix, signal }: AccountHooksOptions): Promise<AccountPlan> {
  const accounts = await documentsOf(server, databaseName(prefix, ACCOUNTS), signal);
  const copies = await documentsOf(server, databaseName(prefix, SOFT_DELETED), signal);
  const slugs = distinct(accounts.map(konnectorOf).filter((slug) => slug !== undefined));
  const ids = slugs.map((slug) => `${KONNECTORS}/${slug}`);
  const found = await documentsById(server, databaseName(prefix, KONNECTORS), ids, signal);
  const manifests = new Map(
    [...found.values()].map((manifest) => [manifest._id.slice(KONNECTORS.length + 1), manifest]),
  );
  return planAccounts(accounts, copies, manifests);
}

/** The deletions that an earlier run of ours began: it has left their jobs. */
export async function startedBefore(
  options: Pick<AccountDeletions, keyof StackInstance | 'server' | 'signal'>,
  copied: readonly AccountDeletion[],
): Promise<AccountDeletion[]> {
  const { server, prefix, signal } = options;
  const started: AccountDeletion[] = [];
  for (const deletion of copied) {
    const id = accountDeletionId(options, deletion, 0);
    const job = await unlessNoDatabase(server.getDocument(databaseName(prefix, JOBS), id, signal));
    if (job !== undefined) started.push(deletion);
  }
  return started;
}

/** Deletes the account itself, which has a copy. */
async function deleteOriginal(options: AccountDeletions, { account, rev }: LiveDeletion): Promise<void> {
  const { server, prefix, signal, assertHeld } = options;
  assertHeld();
  try {
    await server.deleteDocument(databaseName(prefix, ACCOUNTS), account, rev, signal);
  } catch (error) {
    if (!isNoDocument(error)) throw error;
  }
}

/** Copies an account; a copy of another revision is replaced, for the account was changed or made anew since. */
async function copy(
  { server, prefix, signal, assertHeld }: AccountDeletions,
  deletion: LiveDeletion,
): Promise<void> {
  assertHeld();
  const database = databaseName(prefix, SOFT_DELETED);
  const fresh = softDeleted(deletion);
  try {
    await server.putDocument(database, fresh, signal);
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const there = await server.getDocument(database, fresh._id, signal);
    if (there?.['soft_deleted_rev'] === deletion.rev) return;
    await server.putDocument(database, { ...fresh, ...(there && { _rev: there._rev }) }, signal);
  }
}

/** The job of a deletion; a new one when there is none, or when all before it have failed. */
async function ensureJob(options: AccountDeletions, deletion: AccountDeletion): Promise<ReadyJob> {
  const { server, prefix, signal, assertHeld } = options;
  const database = databaseName(prefix, JOBS);
  for (let attempt = 0; ; attempt++) {
    const id = accountDeletionId(options, deletion, attempt);
    const there = await server.getDocument(database, id, signal);
    if (there !== undefined && endOf(there) === 'errored') continue;
    if (there !== undefined) return { deletion, document: there };
    assertHeld();
    const job = accountDeletionJob(options, deletion, id, new Date());
    const rev = await server.putDocument(database, job, signal);
    return { deletion, document: { ...job, _rev: rev } };
  }
}

/** Pushes a job unless an earlier run did: the timeout counts from the first push, also across runs. */
async function push(
  { assertHeld, ...instance }: AccountDeletions,
  redis: Redis,
  document: StoredDocument,
): Promise<PushedJob> {
  const { _id: id, queued_at: queuedAt } = document;
  if (endOf(document) !== undefined) return { id, since: Date.now() };
  assertHeld();
  const now = (await pushKonnectorJob(redis, instance, id)) || typeof queuedAt !== 'string';
  return { id, since: now ? Date.now() : Date.parse(queuedAt) || Date.now() };
}

function refusal({ domain, stackRedis }: AccountHooksOptions, plan: AccountPlan, count: number): Refusal {
  const { unknown } = plan;
  const accounts = count + unknown.length;
  const which = accounts === 1 ? '1 account' : `${accounts} accounts`;
  const konnectors = distinct(unknown.map(({ konnector }) => konnector)).join(', ');
  const why =
    stackRedis === undefined
      ? 'no Redis of a stack is configured'
      : `of ${unknown.length} the konnector is not installed (${konnectors})`;
  const how =
    stackRedis === undefined
      ? "Set the stack's redis.addrs, or have the stack destroy the instance"
      : 'Install the konnectors, or have the stack destroy the instance';
  return new Refusal(
    'accounts',
    `${which} of ${domain} can only be deleted at the provider by a running stack, and ${why}`,
    `${how}; or leave the accounts to their providers with --skip-accounts.`,
  );
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
