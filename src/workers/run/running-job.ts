import { setMaxListeners } from 'node:events';
import { DelayedError, UnrecoverableError, Worker } from 'bullmq';
import { FleetError } from '../../errors.ts';
import type { ClaimAnswer } from '../../jobs/claims/claims.ts';
import type { FleetJob, FleetQueue } from '../../jobs/fleet/open-queue.ts';
import { enter, type GateAnswer, park, stepAside } from '../../jobs/gate/gate.ts';
import { PARKED_UNTIL, placeAtGate } from '../../jobs/gate/parked.ts';
import { didNothing, type JobOutcome, type LivePayload, stageLabel } from '../../jobs/kinds/job-kinds.ts';
import { namesOf, payloadHash } from '../../jobs/kinds/payload.ts';
import { comesLater } from '../../jobs/queue/comes-later.ts';
import { failedState, failureText } from '../../jobs/queue/ending.ts';
import { stagesJustDone, withoutFailedTry } from '../../jobs/queue/progress.ts';
import type { WorkEvent } from '../../jobs/queue/work-event.ts';
import type { Log } from '../../logger.ts';
import type { BreakerBoard } from '../health/breaker-board.ts';
import { type Attempt, createAttempt } from '../stage/attempt.ts';
import { holdLease, LostLock, type RenewedLease } from '../stage/lease.ts';
import type { StageObserver } from '../stage/pipeline.ts';
import type { Services } from '../stage/services.ts';
import { Cancelled, type CancelWatch, type JobWatch } from './cancel-watch.ts';
import { classify, type Failure, outageHere, probedKind, REDIS_AWAY } from './failure.ts';
import { logTaken, openJobLog } from './job-log.ts';
import { type Execution, JobRecorder, type JobRecorderOptions } from './job-recorder.ts';
import { outlastDead } from './outlast-dead.ts';
import { type NextStep, nextStep, overloadDelay, turnDelay, unwatchedDelay } from './retry-policy.ts';

/** Milliseconds a job's lock lasts (`ARCHITECTURE.md` §4.4). */
export const LOCK_MS = 10_000;

/** Before a job whose server is away is taken up again, in milliseconds: a breaker looks as often. */
const WATCHED_DELAY_MS = 1_000;

/** What all executions of one worker share. */
export interface JobRunnerOptions extends JobRecorderOptions {
  /** Keeps the lines of jobs. */
  readonly queue: FleetQueue;
  readonly services: Services;
  readonly board: BreakerBoard;
  readonly cancels: CancelWatch;
  /** Opens sealed passphrases (`fleet-record.ts`). */
  readonly sealKey: string;
  /** Aborted when this worker is to stop. */
  readonly stop: AbortSignal;
  /** Whether it is to take no job now: for what is away, or because an operator wants it. */
  isHeld(): boolean;
  /** Told of each step of the work. */
  onWork(event: WorkEvent): void;
  readonly log: Log;
  readonly observer?: StageObserver;
  /** Called when a server had too much to do. */
  onOverload(): void;
}

/** The row is not let through yet, or not any more: it waits at the gate, without spending a try. */
class HeldBack extends Error {}

/** The job comes after another one that has not ended: it is taken up again later, without spending a try. */
class PrerequisitePending extends Error {}

/**
 * One execution of a job: the lock and the names that it holds, what makes it stop, and what the queue learns of it.
 * Its methods come in this order: `claim`, `attempt`, then `end` or `fail`, and `release` whatever happened.
 */
export class RunningJob {
  private readonly worker: JobRunnerOptions;
  private readonly job: FleetJob;
  private readonly token: string;
  private readonly payload: LivePayload;
  private readonly recorder: JobRecorder;
  private readonly lease: RenewedLease;
  private readonly cancel: JobWatch;
  private readonly log: Log;
  private readonly begun = performance.now();
  /** Settles once it is told that the job runs. */
  private told = Promise.resolve();
  /** Aborted when the worker stops, when the lock is lost and when the job is cancelled. */
  private readonly signal: AbortSignal;

  /** Begins to renew the lock, and to watch for cancellation: `release` ends both. */
  constructor(worker: JobRunnerOptions, execution: Execution) {
    const { job, token, payload } = execution;
    this.worker = worker;
    this.job = job;
    this.token = token;
    this.payload = payload;
    this.recorder = new JobRecorder(worker, execution);
    this.log = openJobLog(worker, execution, this.recorder);
    this.cancel = worker.cancels.watch(this.recorder.id);
    this.lease = holdLease({
      duration: LOCK_MS,
      renew: async () => (await job.extendLock(token, LOCK_MS)) === 1,
    });
    this.signal = AbortSignal.any([worker.stop, this.lease.lost, this.cancel.signal]);
    // A stage asks for all the databases of an instance at a time, and each pause before a further try listens.
    setMaxListeners(0, this.signal);
  }

  /**
   * Makes sure that the job has its names and may go on, and begins to tell that it runs: nothing is recorded before that is told.
   * @throws LostLock, Cancelled, FleetError `busy`, and PrerequisitePending where it is not the job's turn
   */
  async claim(): Promise<void> {
    const { redis, keys, services } = this.worker;
    // Nearly every stage begins with a request, which would wait for a login after a silence.
    void services.global.logInAhead(this.signal);
    // Asked at once: every answer that is waited for costs a worker more than its question.
    const [claim, gate] = await Promise.all([this.takeNames(), this.askGate(), this.cancel.looked]);
    this.signal.throwIfAborted();
    refuseUnheld(claim, this.payload);
    refuseHeldBack(gate);
    if (await comesLater(redis, keys, this.payload)) throw new PrerequisitePending();
    this.told = this.recorder.report('active');
    // The first record throws it, or the end.
    this.told.catch(() => undefined);
    logTaken(this.log, this.job);
  }

  /** What the stages of the job work with. */
  attempt(): Attempt {
    const before = withoutFailedTry(this.recorder.progress);
    let recorded = before;
    return createAttempt({
      ...this.worker,
      job: { id: this.recorder.id, token: this.token },
      lease: this.lease,
      signal: this.signal,
      log: this.log,
      told: this.told,
      outlastDead: () => outlastDead({ ...this.worker, job: this.job, signal: this.signal, mostMs: LOCK_MS }),
      before,
      onProgress: (value) => this.recorder.note(value),
      onRecorded: (value) => {
        const { kind } = this.payload;
        for (const stage of stagesJustDone(recorded, value))
          this.worker.onWork({ event: 'stage', kind, ...stage });
        recorded = value;
      },
    });
  }

  /** Records that the job is done, and with what outcome. @throws LostLock */
  async end(outcome: JobOutcome): Promise<void> {
    await this.told;
    this.lease.assertHeld();
    const state = didNothing(outcome) ? 'skipped' : 'done';
    await this.recorder.recordEnd(state);
    await this.recorder.keepOutcome(outcome);
    this.worker.onWork({ event: 'ended', kind: this.payload.kind, state });
    this.log.info('job done', { outcome, ...this.spent() });
  }

  /**
   * Decides what becomes of the job after an error, and records it.
   * @throws always, in the way that makes the queue do what was decided
   */
  async fail(thrown: unknown): Promise<never> {
    const { board, stop, onOverload } = this.worker;
    // When the job is stopped, whatever is thrown on the way is only how it stopped.
    const error: unknown = this.signal.aborted ? this.signal.reason : thrown;
    if (error instanceof LostLock) throw error;
    if (error instanceof HeldBack) return await this.waitAtGate();
    if (error instanceof PrerequisitePending) return await this.letOthersGo();
    if (stop.aborted && !(error instanceof Cancelled)) return await this.leaveToOthers(error);
    const failure = this.failureOf(error);
    const kind = await probedKind(failure, board);
    const { step } = nextStep(kind, this.recorder.triesSpent, this.payload.tries);
    this.logFailure(failure, step, error);
    this.worker.onWork({ event: 'failed-try', kind: this.payload.kind, code: failure.code, next: step });
    switch (step) {
      case 'fail':
        return await this.failForGood(failure);
      case 'try-again':
        await this.recorder.reportRetry(failure);
        throw new Error(failureText(failure));
      case 'hand-back':
        return await this.handBack(failure);
      case 'slow-down':
        onOverload();
        await this.recorder.reportRetry(failure);
        return await this.delay(overloadDelay());
    }
  }

  /** Stops renewing the lock and watching for cancellation. */
  release(): void {
    this.lease.stop();
    this.cancel.done();
  }

  /** The claim was made when the job was added; it is taken again in case it was lost since. */
  private takeNames(): Promise<ClaimAnswer> {
    const { payload } = this;
    const names = namesOf(payload);
    const claim = { jobId: this.recorder.id, kind: payload.kind, names, payloadHash: payloadHash(payload) };
    return this.worker.claims.take(claim, 'run');
  }

  private async askGate(): Promise<GateAnswer> {
    const { batch } = this.payload;
    return batch === undefined ? { state: 'go' } : await enter(this.worker, batch);
  }

  /** Parks the job, then its row: the other way round it might be let through before it is parked, and lie about. */
  private async waitAtGate(): Promise<never> {
    await this.recorder.reportParked();
    await this.job.moveToDelayed(PARKED_UNTIL, this.token);
    const { batch } = this.payload;
    if (batch !== undefined) await park(this.worker, batch, placeAtGate(batch.row, this.payload));
    throw new DelayedError();
  }

  /** What comes first may wait at the gate, where this one must not take its place. */
  private async letOthersGo(): Promise<never> {
    const { batch } = this.payload;
    if (batch !== undefined) await stepAside(this.worker, batch);
    return await this.delay(turnDelay(this.job.attemptsStarted));
  }

  /** The worker stops: another one goes on at once, and no try is spent. */
  private async leaveToOthers(error: unknown): Promise<never> {
    const reason = { code: 'handed_back', message: 'its worker was stopped' } as const;
    await this.recorder.report('retrying', { ...classify(error), ...reason });
    this.log.info('job handed back', { error: reason });
    throw Worker.RateLimitError();
  }

  private async failForGood(failure: Failure): Promise<never> {
    const state = failedState(this.payload.kind, this.recorder.progress, failure.code);
    if (state === 'incomplete') await this.recorder.dropPassphrase();
    await this.recorder.forgetFailedTry();
    await this.recorder.recordEnd(state, failure);
    this.worker.onWork({ event: 'ended', kind: this.payload.kind, state });
    throw new UnrecoverableError(failureText(failure));
  }

  /** To the head of the line, or, where only this job's cluster is away, out of the others' way for a second. */
  private async handBack(failure: Failure): Promise<never> {
    const { board } = this.worker;
    const { target, code, credentials = false } = failure;
    if (target !== undefined) board.trip(target, credentials);
    await this.recorder.reportRetry(outageHere(failure));
    if (board.blocksAll || code === REDIS_AWAY) throw Worker.RateLimitError();
    // Nothing probes what has no breaker, such as a registry: its jobs look for themselves, less often.
    return await this.delay(target === undefined ? unwatchedDelay() : WATCHED_DELAY_MS);
  }

  private async delay(ms: number): Promise<never> {
    await this.job.moveToDelayed(Date.now() + ms, this.token);
    throw new DelayedError();
  }

  /** Says what a cancelled job has done, and how to go on. */
  private cancellation(error: Cancelled): Failure {
    const { stages } = this.recorder.progress;
    const done = stages.filter(({ state }) => state === 'done').map(({ stage }) => stageLabel(stage));
    const made = done.length === 0 ? 'nothing was done' : `done are ${done.join(', ')}`;
    return {
      ...classify(error),
      message: `${error.message}; ${made}`,
      advice: `To go on: cozy-fleet jobs retry ${this.recorder.id}`,
    };
  }

  /** What went wrong, in words in which nothing secret is left. */
  private failureOf(error: unknown): Failure {
    const failure = error instanceof Cancelled ? this.cancellation(error) : classify(error);
    return { ...failure, message: this.log.mask(failure.message) };
  }

  private logFailure(failure: Failure, next: NextStep['step'], error: unknown): void {
    const { code } = failure;
    if (next === 'fail') this.log.warn('job failed', { error: failure, ...this.spent() });
    else this.log.warn('job failed a try', { next, error: failure, ...this.spent() });
    if (code === 'internal') this.log.error('internal error', { error });
  }

  /** How long this execution took, and which try it is. */
  private spent(): { readonly ms: number; readonly tries: number } {
    return { ms: Math.round(performance.now() - this.begun), tries: this.recorder.triesSpent };
  }
}

function refuseUnheld(answer: ClaimAnswer, payload: LivePayload): void {
  if (answer.state === 'gone') throw new LostLock();
  if (answer.state === 'held') return;
  throw new FleetError('busy', `job ${answer.by} has taken ${namesOf(payload).join(' or ')} over`);
}

function refuseHeldBack(answer: GateAnswer): void {
  switch (answer.state) {
    case 'go':
      return;
    case 'wait':
      throw new HeldBack();
    case 'halted':
      throw new Cancelled(answer.halt === 'cancelled' ? 'batches cancel' : '--max-failures');
  }
}
