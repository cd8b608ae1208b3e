import type { Redis } from 'ioredis';
import type { StoredDocument } from '../couchdb/documents.ts';
import { databaseName } from '../instances/databases/prefix.ts';
import { stackMessage } from '../instances/documents/stack-message.ts';
import {
  ACCOUNTS,
  type AccountDeletions,
  type AccountHooksResult,
  deleteAtProviders,
  deleteUntold,
  SOFT_DELETED,
  startedBefore,
} from './account-hooks.ts';
import type { LiveDeletion } from './account-plan.ts';
import { deleteTriggers, unschedule } from './delete-triggers.ts';
import { documentsById, documentsOf } from './documents.ts';
import type { AccountDeletion } from './konnector-jobs.ts';

const TRIGGERS = 'io.cozy.triggers';

/** Workers whose triggers run konnectors (stack: `model/job/scheduler.go`, `IsKonnectorTrigger`). */
const KONNECTOR_WORKERS: readonly unknown[] = ['konnector', 'client'];

/** The accounts of one konnector that go with it, and what runs it for them. */
export interface KonnectorAccounts {
  readonly live: readonly LiveDeletion[];
  /** Those that an earlier run of ours has deleted, and of which a provider is told. */
  readonly begun: readonly AccountDeletion[];
  /** Ids of the triggers of these accounts; others stay, as with a stack. */
  readonly triggers: readonly string[];
  /** Whether only a running stack can do it: konnectors delete accounts at their providers. */
  readonly needsStack: boolean;
}

export type AccountReader = Pick<
  AccountDeletions,
  'domain' | 'prefix' | 'couchCluster' | 'server' | 'signal'
>;

/** An installed konnector. */
export interface Konnector {
  readonly slug: string;
  /** Its document. */
  readonly manifest: StoredDocument;
}

/**
 * The accounts that go with a konnector: as with a stack those alone that its triggers name (`docs/cozy-data.md` §5.6).
 * @param resumed whether an earlier try may have deleted accounts of which no provider is told
 */
export async function findKonnectorAccounts(
  options: AccountReader,
  { slug, manifest }: Konnector,
  resumed: boolean,
): Promise<KonnectorAccounts> {
  const { server, prefix, signal } = options;
  const triggers = await documentsOf(server, databaseName(prefix, TRIGGERS), signal);
  const accountOf = new Map<string, string>();
  for (const trigger of triggers) {
    const account = accountRunBy(trigger, slug);
    if (account !== undefined) accountOf.set(trigger._id, account);
  }
  const named = [...new Set(accountOf.values())];
  const there = await documentsById(server, databaseName(prefix, ACCOUNTS), named, signal);
  const gone = named.filter((account) => !there.has(account));
  const copies = await documentsById(server, databaseName(prefix, SOFT_DELETED), gone, signal);
  const deleted = [...copies.values()].flatMap(({ _id: account, soft_deleted_rev: rev }) =>
    typeof rev === 'string' ? [{ account, rev, konnector: slug }] : [],
  );
  const isTold = Boolean(manifest['on_delete_account']);
  const begun = isTold ? await startedBefore(options, deleted) : [];
  // Of an account that a user has deleted, a stack has removed the triggers then.
  const ours = isTold ? begun : deleted.filter(() => resumed);
  const live = [...there.values()].map((document) => ({
    account: document._id,
    rev: document._rev,
    konnector: slug,
    document,
  }));
  const going = new Set([...live, ...ours].map(({ account }) => account));
  return {
    live,
    begun,
    triggers: [...accountOf].filter(([, account]) => going.has(account)).map(([id]) => id),
    needsStack: isTold && live.length + begun.length > 0,
  };
}

/**
 * Deletes the accounts of a konnector in a stack's order: copy, account, the konnector's job and its end, then the triggers.
 * May be repeated at any point.
 * @param stackRedis needed where a stack is
 * @throws AccountHookFailed when a konnector failed, with the triggers still there; CouchError; StackRedisAway
 */
export async function deleteKonnectorAccounts(
  options: AccountDeletions,
  stackRedis: Redis | undefined,
  { live, begun, triggers, needsStack }: KonnectorAccounts,
): Promise<AccountHooksResult> {
  let result: AccountHooksResult = { done: 0, givenUp: 0 };
  if (!needsStack) await deleteUntold(options, live);
  else if (stackRedis === undefined)
    throw new Error('accounts cannot be deleted at providers without a stack');
  else result = await deleteAtProviders(options, stackRedis, { live, begun });
  const { server, prefix, couchCluster, signal, assertHeld } = options;
  const scheduled = { instance: { prefix, couchCluster }, ids: triggers, stackRedis };
  assertHeld();
  // Once their documents are gone nobody would find the entries again.
  await unschedule(scheduled);
  await deleteTriggers({
    ...scheduled,
    server,
    database: databaseName(prefix, TRIGGERS),
    signal,
    assertHeld,
  });
  return result;
}

/** The account for which a trigger runs that konnector. */
function accountRunBy({ worker, message: stored }: StoredDocument, slug: string): string | undefined {
  if (!KONNECTOR_WORKERS.includes(worker)) return undefined;
  const message = stackMessage(stored);
  if (typeof message !== 'object' || message === null) return undefined;
  if (!('konnector' in message) || message.konnector !== slug || !('account' in message)) return undefined;
  return typeof message.account === 'string' && message.account !== '' ? message.account : undefined;
}
