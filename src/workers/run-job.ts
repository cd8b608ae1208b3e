import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import type { Logger } from 'winston';
import { kindWithoutProbe } from '../couchdb/errors.ts';
import { type FailureKind, FleetError } from '../errors.ts';
import type { Batches, Halt } from '../jobs/batches/batches.ts';
import type { RowState } from '../jobs/batches/row-state.ts';
import type { ClaimAnswer, Claims } from '../jobs/claims/claims.ts';
import type { FleetJob } from '../jobs/fleet/open-queue.ts';
import type { Signer } from '../jobs/fleet/signer.ts';
import { didNothing, type JobOutcome, type LivePayload, stagesOf } from '../jobs/kinds/job-kinds.ts';
import {
  domainOf,
  type EndedPayload,
  isEnded,
  namesOf,
  payloadHash,
  type SignedPayload,
} from '../jobs/kinds/payload.ts';
import { comesLater } from '../jobs/queue/comes-later.ts';
import { type Ending, failedState, failureText, recordEnd } from '../jobs/queue/ending.ts';
import { hasFinished, readProgress, writeFenced } from '../jobs/queue/progress.ts';
import type { Keys } from '../jobs/redis/keys.ts';
import type { RedisClient } from '../redis/client.ts';
import { createAttempt } from './attempt.ts';
import type { BreakerBoard } from './breaker-board.ts';
import { Cancelled, type CancelWatch } from './cancel-watch.ts';
import { classify, type Failure, REDIS_AWAY } from './failure.ts';
import { holdLease, LostLock } from './lease.ts';
import { currentStage, type StageObserver } from './pipeline.ts';
import { claimedDomain, shown } from './refused-job.ts';
import { nextStep, overloadDelay, turnDelay, unwatchedDelay } from './retry-policy.ts';
import { runPayload } from './run-payload.ts';
import type { Services } from './services.ts';

/** Milliseconds a job's lock lasts (`ARCHITECTURE.md` §4.4). */
export const LOCK_DURATION = 10_000;

/** A server that is going down still answers for a moment; its state is asked after this time, in ms. */
const SETTLE_DELAY = 250;

export interface JobRunnerOptions {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly claims: Claims;
  readonly batches: Batches;
  readonly services: Services;
  readonly board: BreakerBoard;
  readonly cancels: CancelWatch;
  /** Tells the fleet's own jobs from others'. */
  readonly signer: Signer;
  /** Opens sealed passphrases (`fleet-record.ts`). */
  readonly sealKey: string;
  /** Aborted when this worker is to stop. */
  readonly stop: AbortSignal;
  readonly log: Logger;
  readonly observer?: StageObserver;
  /** Told when a server had too much to do. */
  onOverload(): void;
}

/** What is to be made first is not made yet: to be taken up again later, without spending a try. */
class NotYet extends Error {}

export type JobRunner = (job: FleetJob, token: string) => Promise<JobOutcome>;

/** Runs one job: what it holds, how it is told to stop, and what becomes of it (`ARCHITECTURE.md` §3, §4). */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { redis, keys, claims, batches, board, cancels, signer, stop, log } = options;

  return async (job, token) => {
    const jobId = job.id ?? '';
    const payload = readPayload(job);
    if (isEnded(payload)) {
      await end(job, token, payload, payload.outcome);
      return payload.outcome;
    }
    if (stop.aborted || board.blocksAll) throw Worker.RateLimitError();
    const cancel = cancels.watch(jobId);
    const lease = holdLease({
      duration: LOCK_DURATION,
      renew: async () => (await job.extendLock(token, LOCK_DURATION)) === 1,
    });
    const signal = AbortSignal.any([stop, lease.lost, cancel.signal]);
    try {
      // A stage asks for all the databases of an instance at a time, and each pause before a further try listens.
      setMaxListeners(0, signal);
      // Asked at once: every answer that is waited for costs a worker more than its question.
      const [claim, halt] = await Promise.all([holdNames(jobId, payload), haltOf(payload), cancel.looked]);
      signal.throwIfAborted();
      refuseUnheld(claim, payload);
      refuseHalted(halt);
      if (await comesLater(redis, keys, payload)) throw new NotYet();
      await report(job, payload, 'active');
      const attempt = createAttempt({
        ...options,
        job: { id: jobId, token },
        lease,
        signal,
        before: readProgress(job.progress),
        onProgress: (value) => {
          job.progress = value;
        },
      });
      const outcome = await runPayload(attempt, payload);
      lease.assertHeld();
      await end(job, token, payload, outcome);
      return outcome;
    } catch (error) {
      // Once it was told to stop, whatever is thrown on the way is only how it stopped.
      return await afterError(job, token, payload, signal.aborted ? signal.reason : error);
    } finally {
      lease.stop();
      cancel.done();
    }
  };

  /**
   * A payload that cannot be read fails for good, with the field named, and so does one that nobody of the fleet
   * wrote for this job. Nothing that it says is done, not even to a row: `reconcile.ts` ends those that name the job.
   */
  function readPayload(job: FleetJob): SignedPayload {
    try {
      return signer.read(job);
    } catch (error) {
      const failure = classify(error);
      log.error('job refused', {
        job: shown(job.id ?? ''),
        domain: claimedDomain(job.data),
        code: failure.code,
        error: failure.message,
      });
      throw new UnrecoverableError(failureText(failure));
    }
  }

  /** The claim was made when the job was added; it is taken again in case it was lost since. */
  function holdNames(jobId: string, payload: LivePayload): Promise<ClaimAnswer> {
    const { kind } = payload;
    return claims.take({ jobId, kind, names: namesOf(payload), payloadHash: payloadHash(payload) }, 'run');
  }

  async function haltOf({ batch }: LivePayload): Promise<Halt | undefined> {
    return batch === undefined ? undefined : await batches.halt(batch.id);
  }

  async function report(
    job: FleetJob,
    payload: LivePayload,
    state: RowState,
    failure?: Failure,
  ): Promise<void> {
    if (payload.batch === undefined) return;
    const { id: batchId, row } = payload.batch;
    await batches.report({ ...about(job, payload, failure), batchId, row, state });
  }

  function about(job: FleetJob, payload: LivePayload, failure?: Failure): Omit<Ending, 'state'> {
    const progress = readProgress(job.progress);
    const stage = currentStage(progress, stagesOf(payload.kind));
    return {
      domain: domainOf(payload),
      jobId: job.id,
      tries: job.attemptsMade + 1,
      generation: payload.generation,
      attempt: job.attemptsStarted,
      ...(progress.incarnation === undefined ? {} : { incarnation: progress.incarnation }),
      ...(failure === undefined ? {} : { stage, code: failure.code, error: failure.message }),
    };
  }

  async function end(
    job: FleetJob,
    token: string,
    payload: SignedPayload,
    outcome: JobOutcome,
  ): Promise<void> {
    const state = didNothing(outcome) ? 'skipped' : 'done';
    const jobId = job.id ?? '';
    if (isEnded(payload)) {
      await recordEnd(batches, claims, jobId, payload, {
        state,
        domain: payload.domain,
        generation: 0,
        attempt: 0,
      });
      return;
    }
    await recordEnd(batches, claims, jobId, payload, { ...about(job, payload), state });
    const { v, kind, batch } = payload;
    const domain = domainOf(payload);
    const ended: EndedPayload = { v, kind, domain, outcome, ...(batch === undefined ? {} : { batch }) };
    const signed = signer.sign(jobId, ended);
    if (!(await writeFenced(redis, keys, { id: jobId, token }, 'data', signed))) throw new LostLock();
  }

  async function afterError(
    job: FleetJob,
    token: string,
    payload: LivePayload,
    error: unknown,
  ): Promise<never> {
    const jobId = job.id ?? '';
    if (error instanceof LostLock) throw error;
    if (error instanceof NotYet) {
      await job.moveToDelayed(Date.now() + turnDelay(job.attemptsStarted), token);
      throw new DelayedError();
    }
    if (stop.aborted && !(error instanceof Cancelled)) {
      await report(job, payload, 'retrying', {
        ...classify(error),
        code: 'handed_back',
        message: 'its worker was stopped',
      });
      throw Worker.RateLimitError();
    }
    const failure = error instanceof Cancelled ? cancellation(job, error) : classify(error);
    const kind = await settleKind(failure);
    const next = nextStep(kind, job.attemptsMade + 1, payload.tries);
    log.warn('job failed a try', {
      job: jobId,
      domain: domainOf(payload),
      code: failure.code,
      next: next.step,
      error: failure.message,
    });
    if (failure.code === 'internal')
      log.error('internal error', {
        job: jobId,
        stack: error instanceof Error ? error.stack : String(error),
      });
    switch (next.step) {
      case 'fail': {
        const state = failedState(payload.kind, readProgress(job.progress), failure.code);
        if (state === 'incomplete') await dropPassphrase(job, token, payload);
        await recordEnd(batches, claims, jobId, payload, { ...about(job, payload, failure), state });
        throw new UnrecoverableError(failureText(failure));
      }
      case 'try-again':
        await report(job, payload, 'retrying', failure);
        throw new Error(failureText(failure));
      case 'hand-back':
        if (failure.target !== undefined) board.trip(failure.target, failure.credentials ?? false);
        await report(job, payload, 'retrying', failure);
        return await handBack(job, token, failure);
      case 'slow-down':
        options.onOverload();
        await report(job, payload, 'retrying', failure);
        await job.moveToDelayed(Date.now() + overloadDelay(), token);
        throw new DelayedError();
    }
  }

  /** The finished instance has it: no further try needs it, and such a job is kept for long. */
  async function dropPassphrase(job: FleetJob, token: string, payload: LivePayload): Promise<void> {
    if (payload.kind !== 'create' || payload.sealedPassphrase === undefined) return;
    if (!hasFinished(readProgress(job.progress))) return;
    const { sealedPassphrase: _used, ...rest } = payload;
    const id = job.id ?? '';
    const signed = signer.sign(id, rest);
    if (!(await writeFenced(redis, keys, { id, token }, 'data', signed))) throw new LostLock();
  }

  /** To the head of the line, or, where only this job's cluster is away, out of the others' way for a second. */
  async function handBack(job: FleetJob, token: string, { target, code }: Failure): Promise<never> {
    if (board.blocksAll || code === REDIS_AWAY) throw Worker.RateLimitError();
    // Nothing probes what has no breaker, such as a registry: its jobs look for themselves, less often.
    const delay = target === undefined ? unwatchedDelay() : 1_000;
    await job.moveToDelayed(Date.now() + delay, token);
    throw new DelayedError();
  }

  /** Of two failures only a probe of their server can tell whether it is away (`couchFailureKind`). */
  async function settleKind({ kind, target }: Failure): Promise<FailureKind> {
    switch (kind) {
      case 'final':
      case 'overload':
      case 'outage':
        return kind;
      case 'retry':
      case 'unknown':
      case 'intercepted':
        return (await isAway(target)) ? 'outage' : kindWithoutProbe(kind);
    }
  }

  async function isAway(target: Failure['target']): Promise<boolean> {
    if (target === undefined) return false;
    await sleep(SETTLE_DELAY);
    return await board.isAway(target);
  }
}

function refuseUnheld(answer: ClaimAnswer, payload: LivePayload): void {
  if (answer.state === 'gone') throw new LostLock();
  if (answer.state === 'held') return;
  throw new FleetError('busy', `job ${answer.by} has taken ${namesOf(payload).join(' or ')} over`);
}

function refuseHalted(halt: Halt | undefined): void {
  if (halt !== undefined) throw new Cancelled(halt === 'cancelled' ? 'batches cancel' : '--max-failures');
}

/** Says what a cancelled job has done, and how to go on. */
function cancellation(job: FleetJob, error: Cancelled): Failure {
  const { stages } = readProgress(job.progress);
  const done = stages.filter(({ state }) => state === 'done').map(({ stage }) => stage);
  const made = done.length === 0 ? 'nothing was done' : `done are ${done.join(', ')}`;
  return {
    ...classify(error),
    message: `${error.message}; ${made}`,
    advice: `To go on: cozy-fleet jobs retry ${job.id}`,
  };
}
