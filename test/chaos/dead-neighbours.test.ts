import { expect } from 'chai';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { stagesOf } from '../../src/jobs/kinds/job-kinds.ts';
import { type ConnectedWorker, connectWorker } from '../../src/workers/connect.ts';
import { startAppRegistry } from '../support/app-registry.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import { type ChaosFleet, endOf, openChaosFleet, optionsFor, progressOf } from '../support/chaos-fleet.ts';
import { type ChaosWorker, startChaosWorker } from '../support/chaos-process.ts';
import {
  KINDS_ON_INSTANCE,
  type KindOnInstance,
  makeReady,
  queueWork,
  wrongAfter,
} from '../support/chaos-work.ts';
import { Cleanup } from '../support/cleanup.ts';
import { seeded } from '../support/strange-fleets/random.ts';
import { silentLog } from '../support/test-log.ts';
import { until } from '../support/until.ts';
import { workerConfig } from '../support/worker-settings.ts';

// A dead worker's job is known to have gone on at once by its mark, which lasts as long as the dead worker's lock would
// have: where it is there when the job begins again, the lock was not waited for.

const TIMEOUT_MS = 180_000;

/** Kills of one job that are tried, each at another boundary: fewer than the stalls that a job may have. */
const KILLS = 4;

/** Chooses the boundaries of those kills; any number will do. */
const SEED = Number(process.env['CHAOS_SEED'] ?? 20_261_127);

/** Every boundary: the end of a stage and the begin of the next one are one, for they are recorded together. */
const BOUNDARIES: Readonly<Record<KindOnInstance, readonly string[]>> = {
  create: [
    'before register',
    'before databases',
    'before indexes',
    'before directories',
    'before settings',
    'before finish',
    'before apps',
    'after apps',
  ],
  destroy: [
    'before mark',
    'before accounts',
    'before close',
    'before outside',
    'before triggers',
    'before databases',
    'before storage',
    'before unregister',
    'after unregister',
  ],
  modify: ['before modify', 'after modify'],
  repair: ['before repair', 'after repair'],
  'install-apps': ['before apps', 'after apps'],
};

/** A worker of this process, and the jobs that it was given. */
interface Watcher extends ConnectedWorker {
  /** Whether each job was marked when it began here, in the order in which they did. */
  readonly began: Map<string, boolean[]>;
}

describe('on the machine of a dead worker', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let registryUrl: string;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    registryUrl = suite.add(await startAppRegistry(), (each) => each.close()).url;
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
  });
  after(() => suite.run());

  async function startWatcher(concurrency = 4): Promise<Watcher> {
    const { redis, keys } = chaos.fleet;
    const began = new Map<string, boolean[]>();
    const worker = await connectWorker({
      config: workerConfig({ ...chaos.settings, registryUrl, concurrency }),
      log: silentLog(),
      onWork(event) {
        if (event.event !== 'began') return;
        const { jobId } = event;
        void redis.exists(keys.lateRequests(jobId)).then((marks) => {
          began.set(jobId, [...(began.get(jobId) ?? []), marks === 1]);
        });
      },
    });
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= worker.stop();
      return stopping;
    };
    return chaos.cleanup.add({ ...worker, stop, began }, (each) => each.stop());
  }

  async function startVictim(concurrency: number, holdAt: readonly string[]): Promise<ChaosWorker> {
    const settings = { ...chaos.settings, registryUrl, concurrency };
    return chaos.cleanup.add(await startChaosWorker(settings, holdAt), (each) => each.kill());
  }

  it('has every boundary of every kind of job in the list', () => {
    const all = KINDS_ON_INSTANCE.map((kind) => {
      const stages = stagesOf(kind);
      return [kind, [...stages.map((stage) => `before ${stage}`), `after ${stages.at(-1)}`]];
    });
    expect(BOUNDARIES).to.deep.equal(Object.fromEntries(all));
  });

  for (const kind of KINDS_ON_INSTANCE) {
    describe(`a job (${kind})`, () => {
      const names = BOUNDARIES[kind];
      const jobs = new Map<string, { readonly jobId: string; readonly options: InstanceOptions }>();
      let began: Watcher['began'];

      before(async () => {
        const all = names.map((_, at) => optionsFor(chaos.domain(`${kind}-${at}`)));
        await makeReady(chaos, kind, all);
        const victim = await startVictim(names.length, names);
        const jobIds = await Promise.all(all.map((options) => queueWork(chaos, kind, options)));
        for (const name of names) await victim.held(name);
        const watcher = await startWatcher(names.length);
        await victim.kill();
        for (const [at, options] of all.entries()) {
          const jobId = jobIds[at] ?? '';
          const last = (await progressOf(chaos, jobId)).stages.at(-1);
          jobs.set(`${last?.state === 'done' ? 'after' : 'before'} ${last?.stage}`, { jobId, options });
        }
        await Promise.all(jobIds.map((jobId) => endOf(chaos, jobId)));
        await watcher.stop();
        began = watcher.began;
      });

      for (const name of names) {
        it(`${name} goes on there while the lock would have lasted, once, and ends well`, async () => {
          const job = jobs.get(name);
          if (job === undefined) throw new Error(`no job was held ${name}`);
          expect(began.get(job.jobId)).to.deep.equal([true]);
          expect(await endOf(chaos, job.jobId)).to.include({ state: 'done' });
          expect(await wrongAfter(chaos, kind, job.options)).to.deep.equal([]);
        });
      }
    });
  }

  it(`a job goes on whose workers die one after the other (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const chosen = [...BOUNDARIES.create];
    while (chosen.length > KILLS) chosen.splice(random.below(chosen.length), 1);
    const options = optionsFor(chaos.domain('chain'));
    const [first = '', ...others] = chosen;
    let victim = await startVictim(1, [first]);
    const jobId = await queueWork(chaos, 'create', options);
    await victim.held(first);
    for (const boundary of others) {
      const next = await startVictim(1, [boundary]);
      await victim.kill();
      await next.held(boundary);
      expect(await chaos.fleet.redis.exists(chaos.fleet.keys.lateRequests(jobId)), boundary).to.equal(1);
      victim = next;
    }
    const watcher = await startWatcher();
    await victim.kill();
    expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
    await watcher.stop();
    expect(watcher.began.get(jobId)).to.deep.equal([true]);
    expect(await wrongAfter(chaos, 'create', options)).to.deep.equal([]);
  });

  it('a worker that was stopped keeps its job until its lock has run out, whatever is said of it', async () => {
    const { redis, keys } = chaos.fleet;
    const options = optionsFor(chaos.domain('stopped'));
    const victim = await startVictim(1, ['before settings']);
    const jobId = await queueWork(chaos, 'create', options);
    await victim.held('before settings');
    const watcher = await startWatcher();
    victim.pause();
    // All that Redis knows of it says that it has gone.
    const [stopped = ''] = (await redis.zrange(keys.workers, '0', '-1')).filter((id) => id !== watcher.id);
    await redis.del(keys.worker(stopped));
    await redis.zrem(keys.workers, stopped);
    await until('the lock has run out', async () => (await redis.exists(`${keys.bull(jobId)}:lock`)) === 0);
    expect(watcher.began.has(jobId)).to.equal(false);
    expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
    await watcher.stop();
    await victim.kill();
    expect(watcher.began.get(jobId)).to.deep.equal([false]);
    expect(await wrongAfter(chaos, 'create', options)).to.deep.equal([]);
  });
});
