import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FleetError } from '../errors.ts';
import { instanceOptions } from '../instances/options.ts';
import { optionsHash } from '../instances/options-hash.ts';
import { passphraseMark } from './stored-passphrase.ts';

/** The batch row a job works for. */
const batchRow = z.strictObject({ id: z.string(), row: z.int().positive() });

/** A create job as it waits in the queue. */
const createPayload = z.strictObject({
  v: z.literal(1),
  kind: z.literal('create'),
  options: instanceOptions,
  /** The passphrase's stored form under the fleet's seal; only where one was given (`seal.ts`). */
  sealedPassphrase: z.string().optional(),
  batch: batchRow.optional(),
  /** How often an operator had this job tried again. */
  generation: z.int().min(0),
  /** Tries before it fails for good. */
  tries: z.int().positive(),
});

export type CreatePayload = z.infer<typeof createPayload>;

/** How a create job ended well: it made the instance, or the same person's was there already. */
export type CreateOutcome = 'created' | 'exists';

/** What is left of a payload after its job succeeded: nothing that anybody could use (design §3). */
const endedPayload = z.strictObject({
  v: z.literal(1),
  kind: z.literal('create'),
  domain: z.string(),
  batch: batchRow.optional(),
  outcome: z.enum(['created', 'exists']),
});

export type EndedPayload = z.infer<typeof endedPayload>;

const anyPayload = z.union([createPayload, endedPayload]);

export type Payload = z.infer<typeof anyPayload>;

/** @throws FleetError `bad_payload`, naming the field, when a job was written by something else. */
export function parsePayload(data: unknown): Payload {
  const parsed = anyPayload.safeParse(data);
  if (parsed.success) return parsed.data;
  const strict = createPayload.safeParse(data);
  const [issue] = strict.error?.issues ?? [];
  throw new FleetError(
    'bad_payload',
    `the job's payload is not one of ours: ${issue?.path.join('.') || 'payload'}: ${issue?.message ?? 'unknown'}`,
    'Submit the instance again with this version of cozy-fleet.',
  );
}

export function isEnded(payload: Payload): payload is EndedPayload {
  return 'outcome' in payload;
}

export function domainOf(payload: Payload): string {
  return isEnded(payload) ? payload.domain : payload.options.domain;
}

/** Names the job holds while it lives: the domain, then the aliases. */
export function namesOf(payload: Payload): [string, ...string[]] {
  return isEnded(payload) ? [payload.domain] : [payload.options.domain, ...payload.options.aliases];
}

/** Equal for two jobs that would do the same: same options, applications and passphrase. */
export function payloadHash({
  options,
  sealedPassphrase,
}: Pick<CreatePayload, 'options' | 'sealedPassphrase'>): string {
  const apps = JSON.stringify(options.apps);
  const mark = sealedPassphrase === undefined ? '' : passphraseMark(sealedPassphrase);
  return createHash('sha256')
    .update(`${optionsHash(options)} ${apps} ${mark}`)
    .digest('hex')
    .slice(0, 16);
}
