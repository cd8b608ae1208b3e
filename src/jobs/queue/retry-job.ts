import { FleetError, InputError } from '../../errors.ts';
import { fence } from '../batches/row-state.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { asSigned } from '../fleet/signer.ts';
import { placeOf } from '../index/place.ts';
import type { Author } from '../kinds/author.ts';
import type { LivePayload } from '../kinds/job-kinds.ts';
import { domainOf, isEnded, namesOf, parsePayload, payloadHash, type Signed } from '../kinds/payload.ts';
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
 * Has a failed job tried again: takes its names once more, and is refused where a newer job for the
 * domain exists. BullMQ's own `retry` does not look (`ARCHITECTURE.md` §3.2).
 * @param author who wants it and why, for the history of the domain
 * @param change what is to be otherwise; nothing unless told
 * @throws InputError `unknown_job`; FleetError `not_failed`, `forged` for one that nobody signed, `busy`, `newer_job`
 */
export async function retryJob(
  fleet: Fleet,
  jobId: string,
  author?: Author,
  change: RetryChange = (_, payload) => payload,
): Promise<void> {
  const { queue, claims, redis, keys, batches, index } = fleet;
  const job = await queue.getJob(jobId);
  if (job === undefined) {
    throw new InputError('unknown_job', `there is no job ${jobId}`, {}, 'cozy-fleet jobs ls lists them.');
  }
  const payload = parsePayload(job.data);
  if (isEnded(payload) || !(await job.isFailed())) {
    throw new FleetError('not_failed', `job ${jobId} has not failed: it is ${await job.getState()}`);
  }
  const signed = change(jobId, asSigned(payload), readProgress(job.progress));
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
  await forgetCancel(redis, keys, jobId);
  const generation = payload.generation + 1;
  try {
    // The signature goes on being good: it does not cover the generation.
    await job.updateData({ ...signed, generation });
    await job.retry('failed', { resetAttemptsMade: true });
  } catch (error) {
    // Somebody else had it tried again in the same moment; then the names are that try's.
    if (!(await job.isFailed())) return;
    await claims.release(jobId, names);
    throw error;
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
}
