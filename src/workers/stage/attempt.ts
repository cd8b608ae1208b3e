import { othersWait } from '../../jobs/queue/others-wait.ts';
import { type Progress, writeFenced } from '../../jobs/queue/progress.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import type { Log } from '../../logger.ts';
import type { RedisClient } from '../../redis/client.ts';
import { createLatestWriter } from './latest-writer.ts';
import { type Lease, LostLock } from './lease.ts';
import type { StageObserver } from './pipeline.ts';
import type { Services } from './services.ts';

/** One attempt of a job, whatever its kind: what it works with, and where it writes down how far it is. */
export interface Attempt {
  readonly services: Services;
  readonly jobId: string;
  /** Opens sealed passphrases (`sealed-passphrase.ts`). */
  readonly sealKey: string;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Of this job alone: its lines name the job and the stage. */
  readonly log: Log;
  readonly observer?: StageObserver;
  /**
   * To be awaited before an instance's document goes, or an item of the pool: until no request of a worker that died with this job can be under way
   * any more (`run/outlast-dead.ts`). @throws the signal's reason
   */
  outlastDead(): Promise<void>;
  /** Whether work that nobody waits for is to leave off: other jobs wait, or this worker is to take none. */
  standAside(): Promise<boolean>;
  progress(): Progress;
  /**
   * What is recorded counts here at once. One write at a time: what comes meanwhile goes with the next.
   * @throws LostLock when the job is not ours any more
   */
  record(progress: Progress): Promise<void>;
  /** Resolves once all is recorded that was given to `record`. @throws LostLock */
  recorded(): Promise<void>;
  /**
   * Has the progress written with the next record, or with the report of how the try failed. Not written by itself: to be lost
   * in a crash must be harmless, and so must be to be found by the next try.
   */
  remember(progress: Progress): void;
  /**
   * Has the end of the job recorded beside some last work, which others do where it is lost: the job is given back once that
   * is over. Its failures are its own.
   */
  besideEnd(work: Promise<void>): void;
  /** Resolves once what was given to `besideEnd` is over. */
  over(): Promise<void>;
}

export interface AttemptOptions
  extends Pick<Attempt, 'services' | 'sealKey' | 'lease' | 'signal' | 'log' | 'observer' | 'outlastDead'> {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly job: { readonly id: string; readonly token: string };
  /** Whether this worker is to take no job now. */
  isHeld(): boolean;
  /** Resolves once it is told that the job runs: before the first record. */
  readonly told: Promise<void>;
  /** What earlier attempts recorded. */
  readonly before: Progress;
  /** Called with each progress as it counts here, whether or not it is recorded yet. */
  onProgress(progress: Progress): void;
  /** Called once a progress was recorded. */
  onRecorded(progress: Progress): void;
}

export function createAttempt(options: AttemptOptions): Attempt {
  const { redis, keys, job, before, onProgress, services, sealKey, lease, signal, log, observer } = options;
  const { outlastDead, told } = options;
  let progress = before;
  let last = Promise.resolve();
  const writer = createLatestWriter<Progress>(async (next) => {
    if (!(await writeFenced(redis, keys, job, 'progress', next))) throw new LostLock();
    options.onRecorded(next);
  }, told);
  function remember(next: Progress): void {
    progress = next;
    onProgress(next);
  }
  return {
    // What stages say is said of this job.
    services: { ...services, log },
    jobId: job.id,
    sealKey,
    lease,
    signal,
    log,
    outlastDead,
    ...(observer === undefined ? {} : { observer }),
    standAside: async () => options.isHeld() || (await othersWait({ redis, keys })),
    progress: () => progress,
    record(next) {
      remember(next);
      return writer.write(next);
    },
    recorded: writer.settled,
    remember,
    besideEnd(work) {
      last = work.catch(() => undefined);
    },
    over: () => last,
  };
}
