import type { CouchServer } from '../../couchdb/server.ts';
import { normaliseDomain } from '../../instances/domains/domain.ts';
import { Refusal } from '../../instances/errors.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { DEFAULT_TRIES, type ExpectedInstance } from '../../jobs/kinds/envelope.ts';
import { enqueueJob } from '../../jobs/queue/enqueue.ts';
import { liveHolder } from '../../jobs/queue/live-holder.ts';
import { readJobEnd } from '../../jobs/queue/wait-for-job.ts';
import { prepareDestruction } from '../../operations/instances/destroy-instances.ts';
import { pause } from '../../pause.ts';
import { jobFailure, lostJob } from './job-failure.ts';
import type { JobWatch } from './job-watch.ts';

/** Where destructions are asked for and looked up. */
export interface DestructionPlaces {
  readonly fleet: KeyedFleet;
  readonly global: CouchServer;
  readonly watch: JobWatch;
}

/** What is to be destroyed. */
export interface WantedDestruction {
  /** As it was asked for; the domain itself, for nobody is asked who would see what an alias means. */
  readonly name: string;
  /** The very life of the domain that is meant; absent where the client knows it by its name alone. */
  readonly expected?: ExpectedInstance | undefined;
  readonly author: Author;
}

/** Milliseconds between two looks whether a command that works itself is done with the instance. */
const TURN_POLL_MS = 250;

/**
 * Destroys an instance and waits until it is gone. A destruction that is under way is joined, whoever asked for it;
 * other work on the instance is waited for, a creation above all: its instance would come up after it was said to be
 * gone.
 * @throws the signal's reason; InputError `illegal_domain`, `alias`; FleetError `not_found`, `deleting`, `lost_job`, and
 *   with the code of a job that failed; Refusal `superseded`
 */
export async function destroyAndWait(
  places: DestructionPlaces,
  { name, expected, author }: WantedDestruction,
  signal: AbortSignal,
): Promise<void> {
  const { fleet, global, watch } = places;
  const domain = normaliseDomain(name, 'nested');
  for (;;) {
    const holder = await liveHolder(fleet, domain);
    if (holder?.kind === 'destroy') return await awaitDestruction(places, holder.jobId, signal);
    if (holder !== undefined) {
      await watch.until(holder.jobId, () => false, signal);
      continue;
    }
    const { work } = await prepareDestruction(
      { global },
      { name, exact: true, skipAccounts: false, resume: false },
    );
    if (expected !== undefined) refuseAnotherLife(domain, expected, work.seen);
    // A client that has gone meanwhile has asked for it all the same.
    const answer = await enqueueJob(fleet, { work, tries: DEFAULT_TRIES, author });
    if (answer.state !== 'busy') return await awaitDestruction(places, answer.jobId, signal);
    await pause(TURN_POLL_MS, signal);
  }
}

async function awaitDestruction(
  { fleet, watch }: DestructionPlaces,
  jobId: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await watch.until(jobId, () => false, signal);
    const end = await readJobEnd(fleet, jobId);
    switch (end.state) {
      case 'done':
        return;
      case 'failed':
        throw jobFailure(end);
      case 'gone':
        throw lostJob();
      case 'running':
        // An operator has had it tried again in this moment.
        continue;
    }
  }
}

function refuseAnotherLife(
  domain: string,
  expected: ExpectedInstance,
  seen: ExpectedInstance | undefined,
): void {
  if (seen?.id === expected.id && seen.incarnation === expected.incarnation) return;
  throw new Refusal('superseded', `${domain} is another instance by now`, 'Nothing was touched.');
}
