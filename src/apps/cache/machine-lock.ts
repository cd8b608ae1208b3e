import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { errnoOf } from '../../errno.ts';

/** Milliseconds between two looks at a lock that another process holds. */
const PATIENCE = 100;

export interface MachineLock {
  /** Aborted when another process took the lock over: it believed us dead. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Waits for a lock between the processes of a machine.
 *
 * @param file that it is about; need not be there, but its directory must
 * @param stale milliseconds without a sign of life after which a holder counts as dead; 2000 at least
 */
export async function lockMachine(file: string, stale: number, signal: AbortSignal): Promise<MachineLock> {
  const lost = new AbortController();
  for (;;) {
    signal.throwIfAborted();
    try {
      const release = await lock(file, {
        realpath: false,
        stale,
        onCompromised: (error) => lost.abort(error),
      });
      return { lost: lost.signal, release: () => releaseQuietly(release) };
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ELOCKED') throw thrown;
    }
    await delay(PATIENCE * (0.5 + Math.random()), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function releaseQuietly(release: () => Promise<void>): Promise<void> {
  try {
    await release();
  } catch (thrown) {
    // Taken over: it is another's.
    if (errnoOf(thrown) !== 'ERELEASED') throw thrown;
  }
}
