import type { PoolConfig } from '../../config/config.ts';
import { openingAt, readWindow } from '../../jobs/batches/window.ts';
import type { LastFilling } from '../../jobs/queue/pool-hints.ts';

/** How the pool of one cluster is, and what else there is to do. */
export interface PoolFacts {
  readonly settings: PoolConfig;
  /** Items of use that are there, or about to be. */
  readonly useful: number;
  /** Items that are in the way: of other definitions, or on their way out. */
  readonly useless: number;
  /** Whether other work waits. */
  readonly isBusy: boolean;
  /** The last job that was queued for it; undefined where none is known. */
  readonly last: LastFilling | undefined;
  /** How that stands. */
  readonly lastIs: 'live' | 'failed' | 'over';
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Milliseconds from one job to the next; longer after failures, up to the longest. */
const PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * What the keeper notes, and whether a job is to be queued now. A pool that has come below its low mark is filled until it
 * is full, be it in several jobs.
 */
export interface FillDecision {
  readonly queue: boolean;
  readonly rising: boolean;
  /** Jobs that have failed in a row. */
  readonly failures: number;
}

export function wantsFilling(facts: PoolFacts): FillDecision {
  const { settings, useful, useless, isBusy, last, lastIs, now } = facts;
  const { size, low, window } = settings;
  const rising = useful < size && (useful < low || last?.rising === true);
  const failures =
    lastIs === 'failed' ? (last?.failures ?? 0) + 1 : lastIs === 'live' ? (last?.failures ?? 0) : 0;
  const pause = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** Math.min(failures, 20));
  const rests = last !== undefined && now - last.at < pause && now >= last.at;
  // What cannot be removed, or never becomes ready, must not be added to without end.
  const isCrowded = useful + useless >= 2 * size;
  const queue = rising && lastIs !== 'live' && !rests && !isBusy && !isCrowded && isWindowOpen(window, now);
  return { queue, rising, failures };
}

/** @param window of the settings; one of a time zone that is unknown is never open @param now milliseconds since 1970 */
export function isWindowOpen(window: string | undefined, now: number): boolean {
  if (window === undefined) return true;
  const hours = readWindow(window);
  return hours !== undefined && openingAt(hours, now).from <= now;
}
