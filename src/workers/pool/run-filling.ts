import type { FillPoolPayload, FillStageName } from '../../jobs/kinds/fill-pool.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import type { Attempt } from '../stage/attempt.ts';
import { runStages, type Stage } from '../stage/pipeline.ts';
import { makeItem } from './make-item.ts';
import type { Pool } from './pool.ts';
import { isWindowOpen } from './wants-filling.ts';

interface Filling {
  readonly attempt: Attempt;
  readonly payload: FillPoolPayload;
}

/** One item after the other, until the pool is full or others wait: what there is by then stays. */
const fill: Stage<FillStageName, Filling, OutcomeOf<'fill-pool'>> = {
  name: 'fill',

  async run({ attempt, payload: { cluster, to, anytime } }) {
    const { services, signal, lease, jobId, log, progress, record } = attempt;
    const { pool } = services;
    if (pool === undefined) return 'unfilled';
    const { store, fleet, settings } = pool;
    const server = services.cluster(cluster);
    const definitions = await pool.definitions(cluster, signal);
    const designs = await services.designs.of(server, signal);
    const about = { cluster, definitions, fleet, job: jobId };
    const standAside = async () =>
      (!anytime && !isWindowOpen(settings.window, Date.now())) || (await attempt.standAside());
    // Databases that a worker asked for right before it died would come up after they were taken away.
    await attempt.outlastDead();
    await dropOwn(pool, jobId, signal);
    let made = progress().items ?? 0;
    let left = to - (await countOf(pool, cluster, definitions, signal));
    while (left > 0 && !(await standAside())) {
      signal.throwIfAborted();
      const item = await makeItem({ store, server, designs, signal, lease, standAside }, about);
      if (item === undefined) break;
      made += 1;
      left -= 1;
      await record({ ...progress(), items: made });
    }
    log.debug('pool filled', { total: made });
    return made > 0 ? 'filled' : 'unfilled';
  },

  verify: async () => ['items may have been claimed since'],
};

/** What an attempt that was cut off has begun is taken away: nobody knows how far it was. */
async function dropOwn({ store, fleet }: Pool, jobId: string, signal: AbortSignal): Promise<void> {
  const { items } = await store.list(signal);
  for (const item of items) {
    if (item.fleet !== fleet || item.job !== jobId || item.state !== 'filling') continue;
    await store.move(item, { ...item, state: 'removing' }, signal);
  }
}

/** Items of use that are there, or about to be. */
async function countOf(
  { store }: Pool,
  cluster: number,
  definitions: string,
  signal: AbortSignal,
): Promise<number> {
  const { items } = await store.list(signal);
  return items.filter(
    (item) =>
      item.cluster === cluster &&
      item.definitions === definitions &&
      (item.state === 'ready' || item.state === 'filling'),
  ).length;
}

/** Runs one attempt of filling a pool. @throws LostLock when the job is not ours */
export async function runFilling(
  attempt: Attempt,
  payload: FillPoolPayload,
): Promise<OutcomeOf<'fill-pool'>> {
  const { generation } = payload;
  const context = { attempt, payload };
  const outcome = await runStages({ ...attempt, stages: [fill], context, generation });
  // The worker that filled it died before it told.
  return outcome ?? ((attempt.progress().items ?? 0) > 0 ? 'filled' : 'unfilled');
}
