import type { CpuClock } from '../cpu/cpu-clock.ts';
import type { ClaimTimes } from '../pool/claims.ts';

/** In the order in which they can be done. */
export const OPERATIONS = ['fill', 'create', 'destroy'] as const;

/** What is measured; `fill` of a side that takes its instances from a pool. */
export type Operation = (typeof OPERATIONS)[number];

export const SIDES = ['raw', 'queue', 'pool', 'stack'] as const;

export type SideName = (typeof SIDES)[number];

/** What a side says of work that it has done. */
export interface SideRun {
  /** Milliseconds by the clock. */
  readonly ms: number;
  /** Mean milliseconds of each stage of its jobs; absent where it has none. */
  stageTimes?(): Promise<Readonly<Record<string, number>>>;
}

/** One of those who do the same work in turns. */
export interface Side {
  readonly name: SideName;
  /** In a line, for the head of the table. */
  readonly described: string;
  /** The processes that work for it. */
  readonly clocks: readonly CpuClock[];
  /** Makes so many items of the pool ready, for as many instances; absent where a side has no pool. */
  fill?(count: number, signal: AbortSignal): Promise<SideRun>;
  /** Makes the instances, as many at a time as all sides do. @throws when one of them was not made */
  make(domains: readonly string[], signal: AbortSignal): Promise<SideRun>;
  /**
   * Makes instances one after the other, of which each finds an item of the pool ready; absent where a side has no pool.
   * @param before what is waited for before each
   */
  claim?(domains: readonly string[], before: () => Promise<void>, signal: AbortSignal): Promise<ClaimTimes>;
  /** @throws for an instance that was not made in the way of this side; absent where there is one way alone */
  check?(domains: readonly string[]): Promise<void>;
  /** Destroys instances that it has made. @throws when one of them was not destroyed */
  remove(domains: readonly string[], signal: AbortSignal): Promise<SideRun>;
  /** Requests that CouchDB has got from it so far; undefined where nobody knows. */
  requests(): Promise<number | undefined>;
  /** Removes what is left of instances, however they ended. */
  clear(domains: readonly string[]): Promise<void>;
}
