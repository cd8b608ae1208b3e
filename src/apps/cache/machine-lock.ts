import { lock } from 'proper-lockfile';
import { errnoOf } from '../../errno.ts';
import { pause } from '../../pause.ts';

/** Between two looks at a lock that another process holds. */
const POLL_MS = 100;

export interface MachineLock {
  /** Aborted when another process took the lock over: it believed this one dead. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Waits for a lock between the processes of a machine.
 *
 * @param file that is locked; need not be there, but its directory must
 * @param staleMs milliseconds without a sign of life after which a holder counts as dead; 2000 at least
 */
export async function lockMachine(file: string, staleMs: number, signal: AbortSignal): Promise<MachineLock> {
  const lost = new AbortController();
  for (;;) {
    signal.throwIfAborted();
    try {
      const release = await lock(file, {
        realpath: false,
        stale: staleMs,
        onCompromised: (error) => lost.abort(error),
      });
      return { lost: lost.signal, release: () => releaseQuietly(release) };
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ELOCKED') throw thrown;
    }
    await pause(POLL_MS * (0.5 + Math.random()), signal);
  }
}

async function releaseQuietly(release: () => Promise<void>): Promise<void> {
  try {
    await release();
  } catch (thrown) {
    // Another process has taken the lock over: it is not ours to release.
    if (errnoOf(thrown) !== 'ERELEASED') throw thrown;
  }
}
