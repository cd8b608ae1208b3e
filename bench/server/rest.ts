import { setTimeout as sleep } from 'node:timers/promises';
import { credentialsOf, member } from '../ask.ts';

/** Work of the Erlang machine, in reductions a second, below which CouchDB is idle: busy is fifty times that. */
const IDLE_REDUCTIONS = 2_000_000;

const SAMPLE_MS = 500;

/** Idle samples in a row: index builds come in bursts. */
const SAMPLES = 3;

/** A wait that is longer is told, and again after as long: somebody else may be using the server. */
const LONG_MS = 60_000;

/**
 * Waits until CouchDB has nothing to do, however long that takes. It builds the indexes of new databases on its own, for
 * longer than the databases took to make (20 s after 40 instances on two cores, seen), and the side measured second would
 * pay for the first. Where the server does not tell, the time given must do.
 * @param least milliseconds
 */
export async function rest(couchUrl: string, least: number, signal: AbortSignal): Promise<void> {
  await sleep(least, undefined, { signal });
  const begun = performance.now();
  let told = begun;
  let idle = 0;
  let before = await reductions(couchUrl, signal);
  while (idle < SAMPLES) {
    const from = performance.now();
    await sleep(SAMPLE_MS, undefined, { signal });
    const now = await reductions(couchUrl, signal);
    if (before === undefined || now === undefined) return;
    const perSecond = ((now - before) * 1000) / (performance.now() - from);
    idle = perSecond < IDLE_REDUCTIONS ? idle + 1 : 0;
    before = now;
    if (performance.now() - told < LONG_MS) continue;
    told = performance.now();
    console.error(
      `CouchDB has been busy for ${Math.round((told - begun) / 1000)} s; waiting until it is idle`,
    );
  }
}

async function reductions(couchUrl: string, signal: AbortSignal): Promise<number | undefined> {
  const { origin, headers } = credentialsOf(couchUrl);
  const response = await fetch(`${origin}/_node/_local/_system`, { headers, signal });
  const value = member(await response.json(), 'reductions');
  return typeof value === 'number' ? value : undefined;
}
