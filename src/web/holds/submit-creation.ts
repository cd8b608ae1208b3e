import { randomUUID } from 'node:crypto';
import type { CouchServer } from '../../couchdb/server.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { requireReadable } from '../../instances/lookup/classify-document.ts';
import { classifyIfAny } from '../../instances/lookup/lookup.ts';
import { isOfIncarnation } from '../../instances/lookup/registration.ts';
import type { InstanceOptions } from '../../instances/options/options.ts';
import type { Holder } from '../../jobs/claims/busy.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { SealForJob } from '../../jobs/fleet/sealed-passphrase.ts';
import type { Author } from '../../jobs/kinds/author.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { creation, enqueueJob, type JobRequest } from '../../jobs/queue/enqueue.ts';
import { liveHolder } from '../../jobs/queue/live-holder.ts';
import { lookAtJobs } from '../../jobs/queue/look-at-jobs.ts';
import { requestHash } from '../../jobs/queue/new-job.ts';
import { lastProgress } from '../../operations/jobs/follow-job.ts';
import { type AskedFor, forgetUnanswered, noteUnanswered, unansweredJobs } from './unanswered.ts';

/** Where creations are asked for and looked up. */
export interface CreationPlaces {
  readonly fleet: KeyedFleet;
  readonly global: CouchServer;
}

/** An instance that a client wants to have. */
export interface CreationOrder {
  readonly options: InstanceOptions;
  /** Of one with a passphrase. */
  readonly seal: SealForJob | undefined;
  /** Who wants it; absent where nobody is known. */
  readonly author?: Author;
}

/** What became of an order. */
export type Submission =
  /** This job makes it, for this client or for all that asked for the same. */
  | { readonly state: 'follow'; readonly jobId: string; readonly asked: AskedFor }
  /** An earlier request for the very same made it, and nobody was told. */
  | {
      readonly state: 'made';
      readonly jobId: string;
      readonly asked: AskedFor;
      readonly instance: StoredInstance;
    }
  /** The domain or an alias is a name of an instance. */
  | { readonly state: 'exists'; readonly name: string }
  /** Another job is at the domain or an alias. */
  | { readonly state: 'busy'; readonly holder: Holder };

/**
 * Queues the creation of an instance, unless it is under way or there. Whatever happens to this process afterwards, a
 * request that asks for the same finds the job, or what it has made. A request for an instance that exists queues
 * nothing: a job would install what it lacks of the applications.
 */
export async function submitCreation(places: CreationPlaces, order: CreationOrder): Promise<Submission> {
  const { fleet } = places;
  const { domain } = order.options;
  const jobId = randomUUID();
  const request: JobRequest = { ...creation({ ...order, tries: DEFAULT_TRIES }), jobId };
  const hash = requestHash(request);
  const askedOf = (by: string): AskedFor => ({ domain, jobId: by, requestHash: hash });

  // Before the document is looked for: a job that still installs applications has put its instance into use.
  const holder = await liveHolder(fleet, domain);
  if (holder?.kind === 'create' && holder.payloadHash === hash) return await joined(holder.jobId);
  const owned = await findOwner(places, order.options);
  if (owned !== undefined) {
    const earlier = await unansweredMaker(fleet, owned.instance, { domain, requestHash: hash });
    if (earlier !== undefined) {
      const { maker, noted } = earlier;
      return { state: 'made', jobId: maker, asked: askedOf(noted), instance: owned.instance };
    }
    return { state: 'exists', name: owned.name };
  }

  const asked = askedOf(jobId);
  await noteUnanswered(fleet, asked);
  const answer = await enqueueJob(fleet, request);
  if (answer.state === 'queued') return { state: 'follow', jobId, asked };
  // The other way round, a server killed in between would forget this client.
  const submission: Submission =
    answer.state === 'joined' ? await joined(answer.jobId) : { state: 'busy', holder: answer };
  await forgetUnanswered(fleet, asked);
  return submission;

  async function joined(by: string): Promise<Submission> {
    const shared = askedOf(by);
    await noteUnanswered(fleet, shared);
    return { state: 'follow', jobId: by, asked: shared };
  }
}

interface Owned {
  readonly name: string;
  readonly instance: StoredInstance;
}

/** Whoever has one of the names already; a reservation of the domain itself may be an earlier try, which the job finds out. */
async function findOwner(
  { global }: CreationPlaces,
  { domain, aliases }: InstanceOptions,
): Promise<Owned | undefined> {
  const names = [domain, ...aliases];
  const owners = (await classifyIfAny(global, names)).map(requireReadable);
  const instance = owners.find((owner) => owner.domain !== domain || !isReservation(owner));
  if (instance === undefined) return undefined;
  const has = (name: string) => name === instance.domain || instance.domain_aliases?.includes(name);
  return { name: names.find(has) ?? domain, instance };
}

/** A request that was not answered. */
interface Unanswered {
  /** The job that made what was asked for. */
  readonly maker: string;
  /** The job under which the request was noted. */
  readonly noted: string;
}

/**
 * An unanswered request for the same, if it has led to this very life of the domain: that may have been destroyed and
 * made again since. Several clients may have asked; a note under a job that was never queued is of one whose server was
 * killed before it knew that another's job does the work.
 */
async function unansweredMaker(
  fleet: KeyedFleet,
  instance: StoredInstance,
  wanted: Omit<AskedFor, 'jobId'>,
): Promise<Unanswered | undefined> {
  if (instance.domain !== wanted.domain || instance.deleting === true) return undefined;
  const noted = await unansweredJobs(fleet, wanted);
  const progress = await Promise.all(noted.map((jobId) => lastProgress(fleet, jobId)));
  const maker = noted.find((_, at) => isOfIncarnation(instance, progress[at]?.incarnation));
  if (maker === undefined) return undefined;
  const looks = await lookAtJobs(fleet, noted);
  return { maker, noted: noted.find((_, at) => looks[at]?.state === 'gone') ?? maker };
}
