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
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import { creation, enqueueJob, type JobRequest, requestHash } from '../../jobs/queue/enqueue.ts';
import { liveHolder } from '../../jobs/queue/live-holder.ts';
import { lastProgress } from '../../operations/jobs/follow-job.ts';
import { forgetUnanswered, noteUnanswered, unansweredJobs } from './unanswered.ts';

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
}

/** What became of an order. */
export type Submission =
  /** This job makes it, for this client or for all that asked for the same. */
  | { readonly state: 'follow'; readonly jobId: string }
  /** An earlier request for the very same made it, and nobody was told. */
  | { readonly state: 'made'; readonly jobId: string; readonly instance: StoredInstance }
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

  // Before the document is looked for: a job that still installs applications has put its instance into use.
  const holder = await liveHolder(fleet, domain);
  if (holder?.kind === 'create' && holder.payloadHash === hash) return await joined(holder.jobId);
  const owned = await findOwner(places, order.options);
  if (owned !== undefined) {
    const earlier = await unansweredMaker(fleet, domain, owned.instance, hash);
    if (earlier !== undefined) return { state: 'made', jobId: earlier, instance: owned.instance };
    return { state: 'exists', name: owned.name };
  }

  await noteUnanswered(fleet, domain, { jobId, requestHash: hash });
  const answer = await enqueueJob(fleet, request);
  if (answer.state === 'queued') return { state: 'follow', jobId };
  await forgetUnanswered(fleet, domain, jobId);
  if (answer.state === 'joined') return await joined(answer.jobId);
  return { state: 'busy', holder: answer };

  /** The answer to this client may get lost, too, after the first one has got its own. */
  async function joined(by: string): Promise<Submission> {
    await noteUnanswered(fleet, domain, { jobId: by, requestHash: hash });
    return { state: 'follow', jobId: by };
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

/**
 * The job that made this very life of the domain for such a request, if its answer never went out. The domain may
 * have been destroyed and made again since.
 */
async function unansweredMaker(
  fleet: KeyedFleet,
  domain: string,
  instance: StoredInstance,
  hash: string,
): Promise<string | undefined> {
  if (instance.domain !== domain || instance.deleting === true) return undefined;
  for (const jobId of await unansweredJobs(fleet, domain, hash)) {
    const { incarnation } = await lastProgress(fleet, jobId);
    if (isOfIncarnation(instance, incarnation)) return jobId;
  }
  return undefined;
}
