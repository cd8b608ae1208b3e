import { type Cpu, startClocks } from '../cpu/cpu-clock.ts';
import type { Side, SideRun } from './side.ts';

/** What one side has taken for its part of a round, all of it an instance. */
export interface Figures {
  /** Milliseconds by the clock: the time of all instances by their number. */
  readonly ms: number;
  /** Requests to CouchDB; null where nobody knows. */
  readonly requests: number | null;
  /** Milliseconds of processor time from the begin to the end of the work. */
  readonly cpu: Cpu;
  /** Of the server alone, until it was idle again: what the work has left behind is its cost as well. */
  readonly serverUntilIdle: number | null;
  /** Mean milliseconds of each stage of a job; empty where there are none. */
  readonly stages: Readonly<Record<string, number>>;
}

/**
 * Measures work of a side on a server that is idle.
 * @param count instances that it is about
 * @param idle waits until the server is idle again
 */
export async function measure(
  side: Side,
  count: number,
  work: () => Promise<SideRun>,
  idle: () => Promise<void>,
): Promise<Figures> {
  const requestsBefore = await side.requests();
  const stop = await startClocks(side.clocks);
  const { ms, stageTimes } = await work();
  const cpu = await stop();
  const requests = difference(requestsBefore, await side.requests());
  const stages = (await stageTimes?.()) ?? {};
  await idle();
  const { server = null } = await stop();
  return {
    ms: ms / count,
    requests: each(requests, count),
    cpu: Object.fromEntries(Object.entries(cpu).map(([process, sum]) => [process, each(sum, count)])),
    serverUntilIdle: each(server, count),
    stages,
  };
}

function difference(before: number | undefined, after: number | undefined): number | null {
  return before === undefined || after === undefined ? null : after - before;
}

function each(sum: number | null, count: number): number | null {
  return sum === null ? null : sum / count;
}
