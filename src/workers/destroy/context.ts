import { PassingError } from '../../errors.ts';
import { updateDocument } from '../../instances/change/update-document.ts';
import type { InstanceDocument, StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import { refuseFilesLeft } from '../../instances/lookup/refuse-other-storage.ts';
import { refuseOddPrefix, refuseShared } from '../../instances/lookup/sharing.ts';
import type { DestroyPayload, DestroyStageName } from '../../jobs/kinds/destroy.ts';
import type { ExpectedInstance } from '../../jobs/kinds/envelope.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { ArchiveNote } from '../../jobs/queue/progress.ts';
import { withVfsLock } from '../../stack/lock.ts';
import type { StackInstance } from '../../stack/stack-instance.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { haveSameDatabases } from '../instance/databases-of.ts';
import { readExpected, superseded } from '../instance/expected-instance.ts';
import type { Lease } from '../stage/lease.ts';
import type { Stage } from '../stage/pipeline.ts';
import type { Services } from '../stage/services.ts';
import type { Entrance } from './shut.ts';

export type DestroyStage = Stage<DestroyStageName, DestroyContext, OutcomeOf<'destroy'>>;

/** What the stages of one attempt share. */
export interface DestroyContext {
  readonly payload: DestroyPayload;
  readonly expected: ExpectedInstance;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  readonly jobId: string;
  /** To be awaited before the document goes (`Attempt`). */
  outlastDead(): Promise<void>;
  /** As last read or written. */
  instance: StoredInstance;
  /**
   * How it let people in before `mark` shut it in the write that flagged it, for nobody seemed to have an account; undefined
   * where that write only flagged it.
   */
  shutFrom: Entrance | undefined;
  /** Whether this attempt has removed the files, and looked before. */
  hasRemovedFiles: boolean;
  /** Directories of archives that this attempt has seen to be whole. */
  readonly archives: Set<string>;
  /** The archive that was made, or found, by this attempt or an earlier one. */
  note(): ArchiveNote | undefined;
  /** Records the archive that was made, or found. */
  hasArchive(archive: ArchiveNote): Promise<void>;
  /** Whether this job has begun to delete documents that its archive has. */
  isRemoving(): boolean;
  /** Records that it is about to. */
  willRemove(): Promise<void>;
  /** Whether an earlier try got past `mark`: the flag was set then, whatever became of it. */
  readonly wasMarked: boolean;
  /** Revision from which this job set `deleting`, once it did. */
  markedFrom(): string | undefined;
  /** What it is opened by where a write of this job shut it whose answer was lost, or that an earlier attempt made. */
  shutEarlier(): Entrance | undefined;
  /**
   * Asks for the date that the job is for, if any, and writes nothing.
   * @throws Refusal `date_gone`, `superseded`, and until the instance is flagged those of `refuseDue`
   */
  askDate(): Promise<void>;
  /**
   * Asks for the date that the job is for, if any, and writes into it that this job begins.
   * @throws Refusal `date_gone`, and those of `refuseDue`
   */
  claimDate(now: StoredInstance): Promise<void>;
  /**
   * Asks for that date once more after `mark`: the job may have ended in between, and the date been taken back.
   * @throws Refusal `date_gone`
   */
  keepDate(): Promise<void>;
  /** Records that this job is about to set `deleting` on that revision. @param shutsOpen whether the write shuts it, and it was open */
  willMark(rev: string, shutsOpen: boolean): Promise<void>;
  /** Records that accounts which came while it was being shut were told of: nobody has to open it for them again. */
  hasToldLate(): Promise<void>;
}

/** The instance as a running stack names it in its Redis. */
export function ownerOf({ domain, prefix, couch_cluster: couchCluster }: StoredInstance): StackInstance {
  return { domain, prefix: stackPrefix({ prefix, domain }), couchCluster };
}

/** Does `work` while no stack writes to the files of the instance (`docs/cozy-data.md` §7). */
export async function whileLocked(
  { services, instance, signal }: DestroyContext,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await withVfsLock(services.stack.lock, ownerOf(instance).prefix, work, { signal });
}

/**
 * Rewrites the instance's document, again after each conflict with another writer; what is not changed is kept, known to us or not.
 * @param check asked of each reading before it is changed; throws to leave the instance alone
 * @throws Refusal `superseded`, LostLock
 */
export async function rewriteInstance(
  context: DestroyContext,
  change: (instance: StoredInstance) => InstanceDocument,
  check?: (instance: StoredInstance) => Promise<void>,
): Promise<void> {
  const { services, signal, lease } = context;
  /** What was read before the stage began need not be read again. */
  let known: StoredInstance | undefined = context.instance;
  const { document } = await updateDocument<StoredInstance>({
    async read() {
      context.instance = known ?? (await readOwn(context));
      known = undefined;
      await check?.(context.instance);
      return context.instance;
    },
    change: (instance) => ({ ...change(instance), _rev: instance._rev }),
    write: (changed) => services.global.putDocument(INSTANCES, changed, signal, () => lease.assertHeld()),
    signal,
  });
  context.instance = document;
}

/** @throws Refusal `superseded` when it is gone or of another life */
async function readOwn({ services, payload, expected, signal }: DestroyContext): Promise<StoredInstance> {
  const now = await readExpected(services, payload.domain, expected, signal);
  if (now === undefined) throw superseded(payload.domain);
  return now;
}

/**
 * Asked of CouchDB before each stage that takes something away, whatever the job says was done before: the flag may
 * have been taken back to keep the instance, another document may have come to mean its databases or its files, its
 * files may be elsewhere, and its own document may have become unreadable. Where one node alone has the documents, their
 * changes tell that this one is as it was read or written last; else it is read.
 * @throws Refusal `changed`, `superseded`, `unreadable`, `swift`, `other_storage`, `shared_prefix`, `shared_name`
 * @throws LostLock when the lease was lost meanwhile: others wait for the same changes
 */
export async function refuseUnwanted(context: DestroyContext): Promise<void> {
  const { services, payload, signal, lease } = context;
  const before = context.instance;
  const isToldByChanges = await services.hasOneCopy(signal);
  const [read, owners] = await Promise.all([
    isToldByChanges ? undefined : readOwn(context),
    services.prefixIndex.refresh(signal),
  ]);
  const isUnmoved = isToldByChanges && owners.revisionOf(before._id) === before._rev;
  const now = read ?? (isUnmoved ? before : await readOwn(context));
  lease.assertHeld();
  context.instance = now;
  if (now.deleting !== true) throw takenBack(payload.domain);
  refuseFilesLeft(now);
  refuseOddPrefix(now);
  refuseShared(owners, now);
}

/**
 * Asked again once something was waited for that was done, or taken, for its databases as they were known before: an archive,
 * or the lock of a stack. That may have taken minutes.
 * @throws as `refuseUnwanted`; PassingError `changed` where its databases are others by now
 */
export async function refuseUnwantedByNow(context: DestroyContext): Promise<void> {
  const before = context.instance;
  await refuseUnwanted(context);
  if (haveSameDatabases(before, context.instance)) return;
  throw new PassingError(
    'changed',
    `the prefix or the cluster of ${before.domain} was changed while it was being destroyed`,
    'Nothing more was touched. With the next try it goes by what its document says by then.',
  );
}

/** The instance, for a write that must not follow another's. @throws Refusal `changed` where the flag was taken back */
export function flagged(instance: StoredInstance): StoredInstance {
  if (instance.deleting !== true) throw takenBack(instance.domain);
  return instance;
}

export function takenBack(domain: string): Refusal {
  return new Refusal(
    'changed',
    `the deletion of ${domain} was taken back after this job had begun it`,
    `Nothing more was touched. If it is still to go: cozy-fleet instances destroy ${domain}.`,
  );
}
