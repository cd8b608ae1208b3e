import { randomUUID } from 'node:crypto';
import { FleetError } from '../../errors.ts';
import type { Claim } from '../claims/claims.ts';
import type { KeyedFleet } from '../fleet/fleet.ts';
import type { SealForJob } from '../fleet/sealed-passphrase.ts';
import { type Author, authorFields } from '../kinds/author.ts';
import type { LivePayload } from '../kinds/job-kinds.ts';
import { assertRunnable, type JobSpec, namesOf, payloadHash, type Signed } from '../kinds/payload.ts';

// What a request becomes before it is sent to Redis. All of it is computed here, so that it can be done for some rows while
// Redis works on others.

/** A job to be queued. */
export interface JobRequest {
  readonly work: JobSpec;
  /** Of a creation with a passphrase: made by `sealPassphrase`. */
  readonly seal?: SealForJob | undefined;
  /** Tries before it fails for good. */
  readonly tries: number;
  /** Of the job, where its caller has to know it before it is queued: a new UUID. */
  readonly jobId?: string | undefined;
  /** Who wants it, and why. */
  readonly author?: Author | undefined;
}

/** A row of a batch to be queued. */
export interface RowRequest extends JobRequest {
  /** Line of the row in its file, from 1. */
  readonly row: number;
  /** Why it is not to be queued: it ends at once as failed. */
  readonly refusal?: FleetError | undefined;
}

/** A job about to be added. */
export interface NewJob {
  readonly jobId: string;
  readonly payload: Signed<LivePayload>;
  /** The names that it takes. */
  readonly claim: Claim;
  /** Whether it waits at the gate (`jobs/gate`). */
  readonly isParked?: boolean;
}

/** A row as it is sent to Redis. */
export interface PreparedRow extends NewJob {
  /** Line of the row in its file, from 1. */
  readonly row: number;
  /** Why it ends at once as failed; undefined where workers will read it. */
  readonly refusal: FleetError | undefined;
}

/** A job of that id, sealed and signed. */
export function newJob(fleet: KeyedFleet, jobId: string, request: JobRequest): NewJob {
  const payload = payloadOf(fleet, jobId, request);
  return { jobId, payload, claim: claimOf(jobId, payload) };
}

/** A row of that batch as a job, sealed and signed. One that workers would refuse to read is not to be queued. */
export function prepareRow(fleet: KeyedFleet, batchId: string, request: RowRequest): PreparedRow {
  const { jobId = randomUUID(), row } = request;
  const payload = payloadOf(fleet, jobId, request, { id: batchId, row });
  const claim = { ...claimOf(jobId, payload), joiner: `${batchId} ${row}` };
  return { jobId, row, payload, claim, isParked: true, refusal: request.refusal ?? refusalOf(payload) };
}

/** Why workers would refuse to read a payload; undefined where they would not. */
function refusalOf(payload: LivePayload): FleetError | undefined {
  try {
    assertRunnable(payload);
    return undefined;
  } catch (error) {
    if (error instanceof FleetError) return error;
    throw error;
  }
}

/** Equal for two requests that ask for the same: a job of the one is joined by the other. */
export function requestHash(request: JobRequest): string {
  // Neither the id nor the seal, which is another one each time, has a part in it.
  return payloadHash(unsignedPayload('', request));
}

/** Sealed and signed for the job of that id, and good for no other. */
function payloadOf(
  { signer }: KeyedFleet,
  jobId: string,
  request: JobRequest,
  batch?: { id: string; row: number },
): Signed<LivePayload> {
  return signer.sign(jobId, unsignedPayload(jobId, request, batch));
}

function unsignedPayload(
  jobId: string,
  { work, seal, tries, author }: JobRequest,
  batch?: { id: string; row: number },
): LivePayload {
  const sealed = work.kind === 'create' && seal !== undefined ? { sealedPassphrase: seal(jobId) } : {};
  const envelope = { v: 1, generation: 0, tries, ...(batch === undefined ? {} : { batch }) } as const;
  return { ...work, ...sealed, ...envelope, ...(author && authorFields(author)) };
}

function claimOf(jobId: string, payload: LivePayload): Claim {
  return { jobId, kind: payload.kind, names: namesOf(payload), payloadHash: payloadHash(payload) };
}
