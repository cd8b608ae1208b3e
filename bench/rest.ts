import { setTimeout as sleep } from 'node:timers/promises';
import { credentialsOf, member } from './ask.ts';

/** Work of the Erlang machine, in reductions a second, below which CouchDB is idle: busy is fifty times that. */
const IDLE_REDUCTIONS = 2_000_000;

const SAMPLE_MS = 500;

/** Idle samples in a row: index builds come in bursts. */
const SAMPLES = 3;

/** Longest wait: somebody else may be using the server. */
const PATIENCE_MS = 60_000;

/**
 * Waits until CouchDB has nothing to do. It builds the indexes of new databases on its own, for longer
 * than the databases took to make (20 s after 40 instances on two cores, seen), and the side measured
 * second would pay for the first. Where the server does not tell, the time given must do.
 */
export async function rest(couchUrl: string, least: number, signal: AbortSignal): Promise<void> {
  await sleep(least, undefined, { signal });
  const deadline = performance.now() + PATIENCE_MS;
  let idle = 0;
  let before = await reductions(couchUrl);
  while (idle < SAMPLES && performance.now() < deadline) {
    const from = performance.now();
    await sleep(SAMPLE_MS, undefined, { signal });
    const now = await reductions(couchUrl);
    if (before === undefined || now === undefined) return;
    const perSecond = ((now - before) * 1000) / (performance.now() - from);
    idle = perSecond < IDLE_REDUCTIONS ? idle + 1 : 0;
    before = now;
  }
}

async function reductions(couchUrl: string): Promise<number | undefined> {
  const { origin, headers } = credentialsOf(couchUrl);
  const response = await fetch(`${origin}/_node/_local/_system`, { headers });
  const value = member(await response.json(), 'reductions');
  return typeof value === 'number' ? value : undefined;
}
