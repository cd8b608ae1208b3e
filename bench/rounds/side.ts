import type { CpuClock } from '../cpu/cpu-clock.ts';

export const OPERATIONS = ['create', 'destroy'] as const;

/** What is measured. */
export type Operation = (typeof OPERATIONS)[number];

export const SIDES = ['raw', 'queue', 'stack'] as const;

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
  /** Makes the instances, as many at a time as all sides do. @throws when one of them was not made */
  make(domains: readonly string[], signal: AbortSignal): Promise<SideRun>;
  /** Destroys instances that it has made. @throws when one of them was not destroyed */
  remove(domains: readonly string[], signal: AbortSignal): Promise<SideRun>;
  /** Requests that CouchDB has got from it so far; undefined where nobody knows. */
  requests(): Promise<number | undefined>;
  /** Removes what is left of instances, however they ended. */
  clear(domains: readonly string[]): Promise<void>;
}
