import type { FailureKind } from '../../errors.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';

/** First delay before another try, in milliseconds; each further one may be twice as long. */
export const BASE_DELAY_MS = 500;

/** Longest delay between two tries, in milliseconds. */
export const MAX_DELAY_MS = 60_000;

/** What happens to a job after a failure. */
export type NextStep =
  | { readonly step: 'fail' }
  | { readonly step: 'try-again' }
  /** Back to the head of the line, without spending a try. */
  | { readonly step: 'hand-back' }
  /** Later, without spending a try, and fewer jobs at a time for a while. */
  | { readonly step: 'slow-down' };

/**
 * @param kind how the failure is to be treated, after a probe has settled it
 * @param triesSpent tries that count, this one included
 * @param maxTries tries of the payload
 */
export function nextStep(kind: FailureKind, triesSpent: number, maxTries: number): NextStep {
  switch (kind) {
    case 'final':
      return { step: 'fail' };
    case 'retry':
      return triesSpent >= maxTries ? { step: 'fail' } : { step: 'try-again' };
    case 'overload':
      return { step: 'slow-down' };
    case 'outage':
      return { step: 'hand-back' };
  }
}

/**
 * Capped exponential backoff with full jitter, so that jobs that failed together do not come back together.
 * @param triesSpent tries that were spent, from 1
 * @returns milliseconds, at least 1: BullMQ takes 0 for "at once"
 */
export function retryDelay(triesSpent: number, random: () => number = Math.random): number {
  return 1 + Math.floor(random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (triesSpent - 1)));
}

/** Tries that a runner which breaks is given beyond its payload's: they are not spent on the work itself. */
const RUNNER_TRIES = DEFAULT_TRIES * 4;

/**
 * Delay before the next try of a job that the runner failed. The runner has decided on that try already; the cap here
 * only stops errors that the runner itself throws again and again, and never before the payload's own limit.
 * @param triesSpent tries that were spent, this one included
 * @param maxTries tries of the payload; undefined where its work is done and only its end is to be recorded
 * @returns milliseconds, or undefined when the job fails for good
 */
export function queueDelay(triesSpent: number, maxTries: number | undefined): number | undefined {
  if (maxTries !== undefined && triesSpent >= maxTries + RUNNER_TRIES) return undefined;
  return retryDelay(triesSpent);
}

/** Delay after an overload, in milliseconds: long enough for the server to finish what it has. */
export function overloadDelay(random: () => number = Math.random): number {
  return 2_000 + Math.floor(random() * 8_000);
}

/** Delay before another look at something that is away and has no breaker, in milliseconds. */
export function unwatchedDelay(random: () => number = Math.random): number {
  return 15_000 + Math.floor(random() * 15_000);
}

/** Longest delay between two looks whether what comes first has ended, in milliseconds. */
const MAX_TURN_DELAY_MS = 30_000;

/**
 * Delay before a job looks again whether its turn has come, in milliseconds: soon at first, for making an instance
 * takes a second, and less often where many wait for one that is in trouble.
 * @param looks made so far, from 1
 */
export function turnDelay(looks: number, random: () => number = Math.random): number {
  const longest = Math.min(MAX_TURN_DELAY_MS, BASE_DELAY_MS * 2 ** Math.min(looks - 1, 20));
  return Math.ceil(longest / 2 + (random() * longest) / 2);
}
