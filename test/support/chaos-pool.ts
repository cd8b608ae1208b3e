import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { type ChaosPlaces, itemsOf } from './chaos-fleet.ts';
import { poolFaults, poolSituation } from './check-pool.ts';
import { until } from './until.ts';

/** Of a worker that fills the pool only when a job says so, and leaves all of it to anybody. */
export const FILLED_BY_HAND = { size: 50, low: 0, reserve: 0 };

/** Queues a job that adds items to those that are ready, whatever else there is. @returns its id */
export async function queueFilling(chaos: ChaosPlaces, more: number): Promise<string> {
  const ready = (await itemsOf(chaos)).filter(({ state }) => state === 'ready').length;
  const work = { kind: 'fill-pool', cluster: 0, to: ready + more, anytime: true } as const;
  const { state, jobId } = await enqueueJob(chaos.fleet, { work, tries: 1 });
  if (state !== 'queued') throw new Error(`the filling was not queued but ${state}`);
  return jobId;
}

/** All prefixes of the pool that one suite has ever seen: a server may be shared. */
export class SeenPrefixes {
  readonly #seen = new Set<string>();
  readonly #fleets: readonly ChaosPlaces[];

  constructor(...fleets: readonly ChaosPlaces[]) {
    this.#fleets = fleets;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** To be called before workers that may make items go on. */
  async look(): Promise<void> {
    for (const chaos of this.#fleets) {
      for (const { prefix } of await itemsOf(chaos)) this.#seen.add(prefix);
    }
  }

  /** What is wrong with them by now, a sentence each. @param settled whether all work is over */
  async faults(settled: boolean): Promise<string[]> {
    await this.look();
    const [first] = this.#fleets;
    if (first === undefined) return [];
    const situation = await poolSituation(first.settings.couchUrl, (prefix) => this.#seen.has(prefix));
    return poolFaults(situation, settled);
  }

  /** Waits until workers have swept all that was left half-way. */
  async swept(): Promise<void> {
    await until('all items are ready, or gone', async () => {
      await this.look();
      const all = await Promise.all(this.#fleets.map(itemsOf));
      return all.flat().every(({ state }) => state === 'ready');
    });
  }
}
