import type { FinalRowState } from '../batches/row-state.ts';
import type { JobKind, StageName } from '../kinds/job-kinds.ts';

/** What becomes of a job after a try that failed. */
export type AfterFailure = 'fail' | 'try-again' | 'hand-back' | 'slow-down';

/** What a worker tells of its work while it does it: for its heartbeat and its metrics. */
export type WorkEvent =
  | { readonly event: 'began'; readonly jobId: string; readonly kind: JobKind; readonly domain: string }
  /** A stage was done and recorded. @param ms how long it took */
  | { readonly event: 'stage'; readonly kind: JobKind; readonly stage: StageName; readonly ms: number }
  | {
      readonly event: 'failed-try';
      readonly kind: JobKind;
      readonly code: string;
      readonly next: AfterFailure;
    }
  /** The job has ended for good. */
  | { readonly event: 'ended'; readonly kind: JobKind; readonly state: FinalRowState }
  /** It does not run here any more, whatever became of it. */
  | { readonly event: 'left'; readonly jobId: string };

/** How one target of a worker was found when it was looked at last. */
export interface TargetState {
  /** Such as `Redis` or `CouchDB db1:5984`. */
  readonly name: string;
  /** Why it cannot be worked with, to go after its name; empty when it can. */
  readonly reason: string;
}

/** How a worker is at one moment, for whoever asks its process. */
export interface WorkerReport {
  readonly id: string;
  readonly targets: readonly TargetState[];
  /** Jobs that run. */
  readonly running: number;
  /** When a job began, ended or came a stage further, or the worker started; milliseconds since 1970. */
  readonly lastProgressAt: number;
  /** Whether it takes no further job, as it was told. */
  readonly draining: boolean;
  /** Why it takes no jobs any more; empty as long as it does. */
  readonly broken: string;
}
