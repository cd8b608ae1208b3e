import { unlessAborted } from '../../couchdb/on-abort.ts';

/** Work of which one run at a time is shared by all who want it. @throws the signal's reason, or what the run threw */
export type SharedRun = (signal?: AbortSignal) => Promise<void>;

interface Run {
  readonly ended: Promise<void>;
  /** Aborted when nobody waits for it any more. */
  readonly unwanted: AbortController;
  waiting: number;
  isOver: boolean;
}

/**
 * Shares runs of work: who asks is given one that begins after the question, the same for all who ask until then. A
 * caller that gives up leaves the run to the others.
 * @param work its signal is aborted when the last caller has given up
 */
export function createSharedRun(work: (signal: AbortSignal) => Promise<void>): SharedRun {
  let last = Promise.resolve();
  let next: Run | undefined;

  function plan(): Run {
    const unwanted = new AbortController();
    const ended = last.then(async () => {
      if (next === run) next = undefined;
      try {
        if (!unwanted.signal.aborted) await work(unwanted.signal);
      } finally {
        run.isOver = true;
      }
    });
    const run: Run = { ended, unwanted, waiting: 0, isOver: false };
    last = ended.catch(() => undefined);
    return run;
  }

  function leave(run: Run): void {
    run.waiting -= 1;
    // An abort makes an error of its own, with a stack: it is for a run that somebody has to end.
    if (run.waiting > 0 || run.isOver) return;
    // Whoever asks from now on must not be given one that has been given up.
    if (next === run) next = undefined;
    run.unwanted.abort();
  }

  return async (signal) => {
    signal?.throwIfAborted();
    next ??= plan();
    const run = next;
    run.waiting += 1;
    try {
      await unlessAborted(run.ended, signal);
    } finally {
      leave(run);
    }
  };
}
