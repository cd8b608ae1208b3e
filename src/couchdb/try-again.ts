import { pause } from '../pause.ts';
import { isPassing } from './errors.ts';

/** Times it is done at the most. */
const TRIES = 3;

/** A further try begins within this time of the first one, in milliseconds. */
const WITHIN_MS = 30_000;

/** Longest pauses before the second and the third try, in milliseconds; the server may ask for longer ones. */
const LONGEST_PAUSES_MS = [250, 1_000];

/**
 * Does work again after what passes by itself: a connection that was closed, an answer that is not CouchDB's, a
 * server that is busy. Only for reads, and for work that begins with a look at what an earlier try has done: a
 * write may have gone through although no answer came.
 *
 * @throws what the last try threw, or the signal's reason when aborted
 */
export async function tryAgain<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const begun = performance.now();
  for (let made = 1; ; made += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || made === TRIES) throw error;
      const longest = LONGEST_PAUSES_MS[made - 1] ?? 0;
      const wait = Math.max(longest * (0.5 + Math.random() / 2), error.retryAfter ?? 0);
      if (performance.now() - begun + wait > WITHIN_MS) throw error;
      await pause(wait, signal);
    }
  }
}
