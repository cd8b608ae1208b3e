import { isStatus } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import { refuseOddPrefix, refuseShared } from '../../instances/lookup/sharing.ts';
import type { DestroyPayload, DestroyStageName } from '../../jobs/kinds/destroy.ts';
import type { SeenInstance } from '../../jobs/kinds/envelope.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { pauseAfterConflict } from '../../pause.ts';
import type { Lease } from '../lease.ts';
import { readSeen, superseded } from '../seen-instance.ts';
import type { Services } from '../services.ts';
import type { Stage } from '../stage.ts';
import { refuseOtherStorage } from './removable.ts';

export type DestroyStage = Stage<DestroyStageName, DestroyContext, OutcomeOf<'destroy'>>;

/** What the stages of one attempt share. */
export interface DestroyContext {
  readonly payload: DestroyPayload;
  readonly seen: SeenInstance;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** As last read or written. */
  instance: StoredInstance;
  /** Whether an earlier try got past `mark`: the flag was set then, whatever became of it. */
  readonly wasMarked: boolean;
  /** Revision from which this job set `deleting`, once it did. */
  markedFrom(): string | undefined;
  /** Records that this job is about to set `deleting` on that revision. */
  willMark(rev: string): Promise<void>;
}

/** The server that has the instance's databases, and what their names begin with. */
export function databasesOf({ services, instance }: Pick<DestroyContext, 'services' | 'instance'>): {
  readonly server: CouchServer;
  readonly prefix: string;
} {
  return { server: services.cluster(instance.couch_cluster), prefix: databasePrefix(instance) };
}

/**
 * Rewrites the instance's document, again and again until nobody wrote it in between. What is not
 * changed is kept, known to us or not.
 * @throws Refusal `superseded`, LostLock
 */
export async function rewriteInstance(
  context: DestroyContext,
  change: (instance: StoredInstance) => Promise<InstanceDocument> | InstanceDocument,
): Promise<void> {
  const { services, signal, lease, payload, seen } = context;
  for (;;) {
    const document = await change(context.instance);
    lease.assertHeld();
    try {
      const rev = await services.global.putDocument(INSTANCES, document, signal);
      context.instance = { ...document, _rev: rev };
      return;
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      await pauseAfterConflict(signal);
      const now = await readSeen(services, payload.domain, seen, signal);
      if (now === undefined) throw superseded(payload.domain);
      context.instance = now;
    }
  }
}

/**
 * Asked of CouchDB before each stage that takes something away, whatever the job says was done before: whoever took
 * the flag back wants to keep the instance, another document may have come to mean its databases or its files, its
 * files may be elsewhere, and its own document may have become one that nobody can read.
 * @throws Refusal `changed`, `superseded`, `unreadable`, `swift`, `other_storage`, `shared_prefix`, `shared_name`
 */
export async function refuseUnwanted(context: DestroyContext): Promise<void> {
  const { services, payload, seen, signal } = context;
  const [now, owners] = await Promise.all([
    readSeen(services, payload.domain, seen, signal),
    services.census.look(signal),
  ]);
  if (now === undefined) throw superseded(payload.domain);
  context.instance = now;
  if (now.deleting !== true) throw takenBack(payload.domain);
  refuseOtherStorage(now);
  refuseOddPrefix(now);
  refuseShared(owners, now);
}

export function takenBack(domain: string): Refusal {
  return new Refusal(
    'changed',
    `the deletion of ${domain} was taken back after this job had begun it`,
    `Nothing more was touched. If it is still to go: cozy-fleet instances destroy ${domain}.`,
  );
}
