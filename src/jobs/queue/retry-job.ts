import { FleetError, InputError } from '../../errors.ts';
import { fence } from '../batches/row-state.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetJob } from '../fleet/open-queue.ts';
import { asSigned } from '../fleet/signer.ts';
import { placeOf } from '../index/place.ts';
import type { Author } from '../kinds/author.ts';
import type { LivePayload } from '../kinds/job-kinds.ts';
import {
  domainOf,
  isEnded,
  namesOf,
  parsePayload,
  payloadHash,
  type Signed,
  type SignedPayload,
} from '../kinds/payload.ts';
import { script } from '../redis/script.ts';
import { forgetCancel } from './cancellations.ts';
import { noteAsked } from './instance-history.ts';
import { type Progress, readProgress } from './progress.ts';

/** What is to be otherwise in a further try. @throws FleetError to have the job stay as it is */
export type RetryChange = (
  jobId: string,
  payload: Signed<LivePayload>,
  progress: Progress,
) => Signed<LivePayload>;

/**
 * Puts another payload in the place of the one that was read, as long as the job counts as failed and has that one: a job that
 * somebody else has had tried again meanwhile must not get another order while it runs.
 * KEYS: the job, the failed jobs. ARGV: id of the job, its payload as it was read, and as it is to be.
 */
const REPLACE = script(`
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
if redis.call('HGET', KEYS[1], 'data') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'data', ARGV[3])
return 1
`);

/** @returns false where somebody else was faster */
async function replacePayload({ redis, keys }: Fleet, job: FleetJob, next: SignedPayload): Promise<boolean> {
  const { id = '', data } = job;
  const places = [keys.bull(id), keys.bull('failed')];
  return (await REPLACE.run(redis, places, [id, JSON.stringify(data), JSON.stringify(next)])) === 1;
}

/**
 * Ends the slower one of two that had one job tried again. The names are those of the other try; where that has ended by now,
 * they count as free within a minute (`ADDING_MS` in `claims/claims.ts`).
 * @param isChanged whether something was to be otherwise than in the try before
 * @throws FleetError `busy` unless the job does come again as it was wanted
 */
async function leaveToOther(job: FleetJob, isChanged: boolean): Promise<void> {
  if (!isChanged && !(await job.isFailed())) return;
  throw new FleetError(
    'busy',
    `somebody else has had job ${job.id} tried again at the same time`,
    `See it: cozy-fleet jobs show ${job.id}`,
  );
}

/**
 * Has a failed job tried again: takes its names once more, and is refused where a newer job for the
 * domain exists. BullMQ's own `retry` does not look (`ARCHITECTURE.md` §3.2).
 * @param author who wants it and why, for the history of the domain
 * @param change what is to be otherwise; nothing unless told
 * @returns whether something is otherwise
 * @throws InputError `unknown_job`; FleetError `not_failed`, `forged` for one that nobody signed, `newer_job`, `busy`, be it that
 * another job has a name, or that somebody else has this one tried again at the same time
 */
export async function retryJob(
  fleet: Fleet,
  jobId: string,
  author?: Author,
  change: RetryChange = (_, payload) => payload,
): Promise<boolean> {
  const { queue, claims, redis, keys, batches, index } = fleet;
  // Asked before the job is read: until it has failed its worker writes.
  const state = await queue.getJobState(jobId);
  const job = await queue.getJob(jobId);
  if (job === undefined) {
    throw new InputError('unknown_job', `there is no job ${jobId}`, {}, 'cozy-fleet jobs ls lists them.');
  }
  const payload = parsePayload(job.data);
  if (isEnded(payload) || state !== 'failed') {
    throw new FleetError('not_failed', `job ${jobId} has not failed: it is ${state}`);
  }
  const before = asSigned(payload);
  const signed = change(jobId, before, readProgress(job.progress));
  const isChanged = signed !== before;
  const names = namesOf(payload);
  const claim = { jobId, kind: payload.kind, names, payloadHash: payloadHash(signed) };
  const answer = await claims.take(claim, 'retry');
  if (answer.state === 'newer') {
    throw new FleetError(
      'newer_job',
      `job ${jobId} is not the latest for ${names[0]}: job ${answer.by} came after it`,
      `See it: cozy-fleet jobs show ${answer.by}`,
    );
  }
  if (answer.state === 'busy' || answer.state === 'joined') {
    throw new FleetError('busy', `job ${answer.by} holds a name of ${names[0]}`, 'Wait until it has ended.');
  }
  const generation = payload.generation + 1;
  let isReplaced = false;
  try {
    // The signature goes on being good: it does not cover the generation.
    isReplaced = await replacePayload(fleet, job, { ...signed, generation });
    if (isReplaced) {
      await forgetCancel(redis, keys, jobId);
      await job.retry('failed', { resetAttemptsMade: true });
    }
  } catch (error) {
    // Somebody else had it tried again in the same moment; then the names are that try's.
    if (!(await job.isFailed())) return isChanged;
    await claims.release(jobId, names);
    throw error;
  }
  if (!isReplaced) {
    await leaveToOther(job, isChanged);
    return false;
  }
  // A stall of its earlier life must not count against this one (`docs/bullmq.md` §2).
  await redis.hdel(keys.bull(jobId), 'stc');
  if (author !== undefined) await noteAsked(fleet, domainOf(payload), { what: 'retry', jobId, author });
  if (payload.batch === undefined) {
    await index.move(jobId, placeOf(payload.kind, 'waiting'), fence(generation, 0, 'waiting'));
  } else {
    const { id: batchId, row } = payload.batch;
    const domain = domainOf(payload);
    await batches.report({ batchId, row, domain, jobId, state: 'waiting', generation, attempt: 0 });
  }
  return isChanged;
}
