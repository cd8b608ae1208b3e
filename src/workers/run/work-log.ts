import type { WorkEvent } from '../../jobs/queue/work-event.ts';
import type { RunningJobFacts } from '../../jobs/redis/worker-heartbeat.ts';

/** What a worker knows of its own work. */
export interface WorkLog {
  /** Jobs that have ended here: done or with nothing to do. */
  readonly done: number;
  /** Jobs that have failed here for good, or are incomplete. */
  readonly failed: number;
  /** When a job began, ended or came a stage further; milliseconds since 1970. */
  readonly lastProgressAt: number;
  /** Jobs that run, in the order in which they began. */
  running(): RunningJobFacts[];
  note(event: WorkEvent): void;
}

/** @param tell whom each event is told as well @param now milliseconds since 1970 */
export function createWorkLog(tell: (event: WorkEvent) => void, now: () => number = Date.now): WorkLog {
  const running = new Map<string, RunningJobFacts>();
  let done = 0;
  let failed = 0;
  let lastProgressAt = now();

  function countEnd(event: WorkEvent & { readonly event: 'ended' }): void {
    switch (event.state) {
      case 'done':
      case 'skipped':
        done += 1;
        break;
      case 'failed':
      case 'incomplete':
        failed += 1;
        break;
      case 'cancelled':
        break;
    }
  }

  return {
    get done() {
      return done;
    },
    get failed() {
      return failed;
    },
    get lastProgressAt() {
      return lastProgressAt;
    },
    running: () => [...running.values()],
    note(event) {
      switch (event.event) {
        case 'began':
          running.set(event.jobId, {
            id: event.jobId,
            kind: event.kind,
            domain: event.domain,
            since: now(),
          });
          break;
        case 'left':
          running.delete(event.jobId);
          break;
        case 'ended':
          countEnd(event);
          break;
        case 'stage':
        case 'failed-try':
          break;
      }
      if (event.event !== 'failed-try') lastProgressAt = now();
      tell(event);
    },
  };
}
