import { hash } from 'node:crypto';
import * as z from 'zod';
import { FleetError } from '../../errors.ts';
import { domain } from '../../instances/options/strict-values.ts';
import { author, batchRow, type EnvelopeField, mac } from './envelope.ts';
import { isPoolName } from './fill-pool.ts';
import {
  appsOfTask,
  digestOfTask,
  JOB_KINDS,
  JOB_OUTCOMES,
  KIND_NAMES,
  type LivePayload,
  namesOfTask,
} from './job-kinds.ts';
import type { HeldNames } from './kind.ts';
import { isOrdinaryCreation } from './ordinary-creation.ts';

const { create, ...otherKinds } = JOB_KINDS;

const livePayload = z.discriminatedUnion('kind', [
  create.payload,
  ...Object.values(otherKinds).map(({ payload }) => payload),
]);

/** What the job was about: the domain of an instance, or the pool of a cluster. */
const about = z.union([domain, z.string().refine(isPoolName)]);

/** What is left of a payload after its job succeeded: nothing that anybody could use (`ARCHITECTURE.md` §3.8). */
const endedPayload = z.strictObject({
  v: z.literal(1),
  mac: mac.optional(),
  kind: z.enum(KIND_NAMES),
  domain: about,
  batch: batchRow.optional(),
  ...author,
  outcome: z.enum(JOB_OUTCOMES),
});

export type EndedPayload = z.infer<typeof endedPayload>;
export type Payload = LivePayload | EndedPayload;

/** A payload as it may be queued: `signer.ts` alone makes one. */
export type Signed<Each extends Payload> = Each & { readonly mac: string };

export type SignedPayload = Signed<LivePayload> | Signed<EndedPayload>;

type WithoutEnvelope<Each> = Each extends unknown ? Omit<Each, EnvelopeField | 'sealedPassphrase'> : never;

/** What a job is to do; a passphrase is sealed once the id of the job is known. */
export type JobSpec = WithoutEnvelope<LivePayload>;

/** Characters of a message about a payload: it may repeat a name that others chose. */
const MOST_OF_MESSAGE = 300;

/**
 * Reads a payload as strictly as a command reads its input. To learn whether it may be believed, too, ask
 * `signer.ts`.
 * @throws FleetError `bad_payload`, naming the field, when a job was written by something else.
 */
export function parsePayload(data: unknown): Payload {
  const hasOutcome = typeof data === 'object' && data !== null && 'outcome' in data;
  const parsed = hasOutcome ? endedPayload.safeParse(data) : livePayload.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const wrong = `${issue?.path.join('.') || 'payload'}: ${issue?.message ?? 'unknown'}`;
  throw new FleetError(
    'bad_payload',
    `the job's payload is not one of ours: ${wrong.slice(0, MOST_OF_MESSAGE)}`,
    'Submit the instance again with this version of cozy-fleet.',
  );
}

/**
 * Makes sure, before a payload is queued, that workers will read it: a document may have a domain that
 * no instance can have.
 * @throws FleetError `unusable_domain`, `bad_payload`
 */
export function assertRunnable(payload: LivePayload): void {
  const { seen } = 'seen' in payload ? payload : {};
  if (seen !== undefined && !domain.safeParse(domainOf(payload)).success) {
    throw new FleetError(
      'unusable_domain',
      `${JSON.stringify(domainOf(payload))} cannot be the domain of an instance, so that nothing is done to it`,
      `Correct the domain of ${seen.id} in global/instances, or remove that document by hand.`,
    );
  }
  if (!isOrdinaryCreation(payload)) parsePayload(payload);
}

export function isEnded(payload: Payload): payload is EndedPayload {
  return 'outcome' in payload;
}

export function domainOf(payload: Payload | JobSpec): string {
  const [domain] = namesOf(payload);
  return domain;
}

/** Names the job holds while it lives: the domain, then the aliases it would take. */
export function namesOf(payload: Payload | JobSpec): HeldNames {
  return 'outcome' in payload ? [payload.domain] : namesOfTask(payload);
}

/** Applications that the job is to install; none once it has ended well. */
export function appsOf(payload: Payload): readonly string[] {
  return isEnded(payload) ? [] : appsOfTask(payload);
}

/** Equal for two jobs that would do the same, whichever command queued them. */
export function payloadHash(work: JobSpec | LivePayload): string {
  return hash('sha256', digestOfTask(work)).slice(0, 16);
}
