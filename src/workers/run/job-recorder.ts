import { defined } from '../../defined.ts';
import { rowOf } from '../../jobs/batches/batch-record.ts';
import type { Batches } from '../../jobs/batches/batches.ts';
import { type FinalRowState, fence, type RowState } from '../../jobs/batches/row-state.ts';
import type { Claims } from '../../jobs/claims/claims.ts';
import type { FleetJob, FleetQueue } from '../../jobs/fleet/open-queue.ts';
import type { Signer } from '../../jobs/fleet/signer.ts';
import type { JobIndex } from '../../jobs/index/job-index.ts';
import { placeOf } from '../../jobs/index/place.ts';
import { type JobOutcome, type LivePayload, stagesOfTask } from '../../jobs/kinds/job-kinds.ts';
import { domainOf, type EndedPayload } from '../../jobs/kinds/payload.ts';
import { countEnd } from '../../jobs/queue/ended-jobs.ts';
import type { Ending } from '../../jobs/queue/ending.ts';
import { recordEnd } from '../../jobs/queue/ending.ts';
import { noteJobEnd } from '../../jobs/queue/instance-history.ts';
import {
  type ArchiveNote,
  hasFinished,
  type Progress,
  readProgress,
  withoutFailedTry,
  writeFenced,
} from '../../jobs/queue/progress.ts';
import { untoldText } from '../../jobs/queue/untold-text.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import type { RedisClient } from '../../redis/client.ts';
import { LostLock } from '../stage/lease.ts';
import { currentStage } from '../stage/pipeline.ts';
import type { Failure } from './failure.ts';

/** Where it is kept how jobs are doing. */
export interface JobRecorderOptions {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly queue: FleetQueue;
  readonly claims: Claims;
  readonly batches: Batches;
  readonly index: JobIndex;
  /** Tells the fleet's own jobs from others'. */
  readonly signer: Signer;
}

/** One job as a worker was given it. */
export interface Execution {
  readonly job: FleetJob;
  /** By which the worker holds the job's lock. */
  readonly token: string;
  readonly payload: LivePayload;
}

/** Writes down how one execution of a job is doing: in its row, in its names and in its payload. */
export class JobRecorder {
  private readonly options: JobRecorderOptions;
  private readonly job: FleetJob;
  readonly token: string;
  private readonly payload: LivePayload;
  private known: Progress;

  constructor(options: JobRecorderOptions, { job, token, payload }: Execution) {
    this.options = options;
    this.job = job;
    this.token = token;
    this.payload = payload;
    this.known = readProgress(job.progress);
  }

  get id(): string {
    return this.job.id ?? '';
  }

  /** Tries that count, this one included. */
  get triesSpent(): number {
    return this.job.attemptsMade + 1;
  }

  /** What the stages recorded, in this execution and before. */
  get progress(): Progress {
    return this.known;
  }

  /** Takes over what the stages say from now on, whether or not it is recorded yet. */
  note(progress: Progress): void {
    this.known = progress;
    // Where the queue ends the job by itself, it is judged by the job.
    this.job.progress = progress;
  }

  /** Tells the job's row, or the index, where it has none. */
  async report(state: RowState, failure?: Failure): Promise<void> {
    const info = this.rowInfo(failure);
    if (this.payload.batch === undefined) {
      const order = fence(info.generation, info.attempt, state);
      await this.options.index.move(this.id, placeOf(this.payload.kind, state, info), order);
      return;
    }
    const { id: batchId, row } = this.payload.batch;
    await this.options.batches.report({ ...info, batchId, row, state });
  }

  /** Tells that the job comes again, and why, in its row and in what is known of the job itself. */
  async reportRetry(failure: Failure): Promise<void> {
    await this.report('retrying', failure);
    const { redis, keys } = this.options;
    const { code, message, advice, waitsOn } = failure;
    const failedTry = { code, message, advice, ...defined({ waitsOn }) };
    // Where the lock is another's by now, so is the job's progress.
    await writeFenced(redis, keys, this, 'progress', { ...this.progress, failedTry });
  }

  /** The end says why: what was waited for before would be shown again when somebody has the job tried again. */
  async forgetFailedTry(): Promise<void> {
    if (this.progress.failedTry === undefined) return;
    const { redis, keys } = this.options;
    await writeFenced(redis, keys, this, 'progress', withoutFailedTry(this.progress));
  }

  /** Tells that the job's row waits: the worker that died with it had told that it runs. */
  async reportParked(): Promise<void> {
    const { batch } = this.payload;
    if (batch === undefined) return;
    const { redis, keys } = this.options;
    const known = await redis.hget(keys.rows(batch.id), String(batch.row));
    if (known !== null && rowOf(batch.row, known).state === 'active') await this.report('waiting');
  }

  /** Tells all rows that the job has ended, gives its names back, and counts it; may be repeated. */
  async recordEnd(state: FinalRowState, failure?: Failure): Promise<void> {
    const { redis, keys } = this.options;
    const { kind, generation } = this.payload;
    await Promise.all([
      recordEnd(this.options, this.id, this.payload, { ...this.rowInfo(failure), state }),
      noteJobEnd({ redis, keys }, this.payload, { jobId: this.id, state, code: failure?.code }),
      countEnd(redis, keys, { jobId: this.id, kind, state, generation }),
    ]);
  }

  /** Shrinks the payload to the outcome. @throws LostLock */
  async keepOutcome(outcome: JobOutcome): Promise<void> {
    const { v, kind, batch, by, reason } = this.payload;
    const domain = domainOf(this.payload);
    await this.writePayload({ v, kind, domain, outcome, ...defined({ batch, by, reason }) });
  }

  /** The finished instance has the passphrase: no further try needs it, and such a job is kept for long. */
  async dropPassphrase(): Promise<void> {
    const { payload } = this;
    if (payload.kind !== 'create' || payload.sealedPassphrase === undefined) return;
    if (!hasFinished(this.progress)) return;
    const { sealedPassphrase: _used, ...rest } = payload;
    await this.writePayload(rest);
  }

  private async writePayload(payload: LivePayload | EndedPayload): Promise<void> {
    const { redis, keys, signer } = this.options;
    const { id, token } = this;
    const isOurs = await writeFenced(redis, keys, { id, token }, 'data', signer.sign(id, payload));
    if (!isOurs) throw new LostLock();
  }

  private rowInfo(failure: Failure | undefined): Omit<Ending, 'state'> {
    const { progress, payload } = this;
    const stage = currentStage(progress, stagesOfTask(payload));
    return {
      domain: domainOf(payload),
      jobId: this.job.id,
      tries: this.triesSpent,
      generation: payload.generation,
      attempt: this.job.attemptsStarted,
      ...(progress.incarnation === undefined ? {} : { incarnation: progress.incarnation }),
      ...(progress.archive === undefined ? {} : { archive: archiveOf(progress.archive) }),
      ...(progress.untold === undefined ? {} : { untold: untoldText(progress.untold) }),
      ...(failure === undefined ? {} : { stage, ...told(failure) }),
    };
  }
}

function archiveOf({ directory, bytes, files }: ArchiveNote): NonNullable<Ending['archive']> {
  return { directory, bytes, files };
}

function told({ code, message: error, advice, waitsOn }: Failure): Partial<Ending> {
  return { code, error, ...(advice === '' ? {} : { advice }), ...defined({ waitsOn }) };
}
