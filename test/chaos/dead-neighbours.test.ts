import { expect } from 'chai';
import { prefixOf } from '../../src/instances/databases/prefix.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { Progress } from '../../src/jobs/queue/progress.ts';
import { type ConnectedWorker, connectWorker } from '../../src/workers/connect.ts';
import { startAppRegistry } from '../support/app-registry.ts';
import { type ArchiveStack, startArchiveStack } from '../support/archive-stack.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import { type ChaosFleet, endOf, openChaosFleet, optionsFor, progressOf } from '../support/chaos-fleet.ts';
import { FILLED_BY_HAND } from '../support/chaos-pool.ts';
import { type ChaosWorker, startChaosWorker } from '../support/chaos-process.ts';
import { type ChaosStack, startChaosStack } from '../support/chaos-stack.ts';
import { makeReady, queueWork, stepsOf, WORKS, type Work, wrongAfter } from '../support/chaos-work.ts';
import { Cleanup } from '../support/cleanup.ts';
import { seeded } from '../support/strange-fleets/random.ts';
import { silentLog } from '../support/test-log.ts';
import { until } from '../support/until.ts';
import { type WorkerSettings, workerConfig } from '../support/worker-settings.ts';

// A dead worker's job is known to have gone on at once by its mark, which lasts as long as the dead worker's lock would
// have: where it is there when the job begins again, the lock was not waited for.

const TIMEOUT_MS = 180_000;

/** Kills of one job that are tried, each at another boundary: fewer than the stalls that a job may have. */
const KILLS = 4;

/** Chooses the boundaries of those kills; any number will do. */
const SEED = Number(process.env['CHAOS_SEED'] ?? 20_261_127);

/**
 * Every boundary: the end of a step and the begin of the next one are one, for they are recorded together, and so are the
 * stages of a step that run side by side.
 */
const BOUNDARIES: Readonly<Record<Work, readonly string[]>> = {
  create: [
    'before register',
    'before databases',
    'before indexes, directories, settings',
    'before finish',
    'before skeleton, apps',
    'after apps',
  ],
  destroy: [
    'before export',
    'before mark',
    'before accounts',
    'before close',
    'before confirm',
    'before outside',
    'before triggers',
    'before databases',
    'before storage',
    'before unregister',
    'after unregister',
  ],
  'destroy-alone': [
    'before mark',
    'before databases',
    'before storage',
    'before unregister',
    'after unregister',
  ],
  modify: ['before modify', 'after modify'],
  'modify-and-install': ['before modify', 'before apps', 'after apps'],
  repair: ['before repair', 'after repair'],
  'install-apps': ['before apps', 'after apps'],
  'update-apps': ['before update', 'after update'],
  'uninstall-apps': ['before uninstall', 'after uninstall'],
  'reset-links': ['before link', 'after link'],
  'clean-sessions': ['before clean', 'after clean'],
  'purge-jobs': ['before purge', 'after purge'],
  fsck: ['before check', 'after check'],
  export: ['before export', 'after export'],
  'fill-pool': ['before fill', 'after fill'],
};

/** Where a worker is held to be killed there: it is told of each stage of a step before the first of them runs. */
const heldAt = (boundary: string): string => boundary.replace(/,.*$/, '');

/** A worker of this process, and the jobs that it was given. */
interface Watcher extends ConnectedWorker {
  /** Whether each job was marked when it began here, in the order in which they did. */
  readonly began: Map<string, boolean[]>;
}

describe('on the machine of a dead worker', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let stack: ChaosStack;
  let archiveStack: ArchiveStack;
  let registryUrl: string;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    registryUrl = suite.add(await startAppRegistry(), (each) => each.close()).url;
    stack = suite.add(await startChaosStack(couch.url), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    archiveStack = suite.add(await startArchiveStack(() => chaos.couch), (each) => each.close());
  });
  after(() => suite.run());

  /** What workers are told beside what all of this fleet are. */
  function settingsFor(work: Work): Partial<WorkerSettings> {
    const { admin: stackAdmin } = archiveStack;
    if (work === 'destroy') return { ...stack.settings, stackAdmin };
    if (work === 'export') return { stackAdmin };
    return work === 'fill-pool' ? { pool: FILLED_BY_HAND } : {};
  }

  async function startWatcher(work: Work, concurrency = 4): Promise<Watcher> {
    const { redis, keys } = chaos.fleet;
    const began = new Map<string, boolean[]>();
    const worker = await connectWorker({
      config: workerConfig({ ...chaos.settings, registryUrl, concurrency, ...settingsFor(work) }),
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

  async function startVictim(
    work: Work,
    concurrency: number,
    boundaries: readonly string[],
  ): Promise<ChaosWorker> {
    const settings = { ...chaos.settings, registryUrl, concurrency, ...settingsFor(work) };
    const worker = await startChaosWorker(settings, boundaries.map(heldAt));
    return chaos.cleanup.add(worker, (each) => each.kill());
  }

  it('has every boundary of every kind of job in the list', () => {
    const all = WORKS.map((work) => {
      const steps = stepsOf(work);
      return [
        work,
        [...steps.map((stages) => `before ${stages.join(', ')}`), `after ${steps.at(-1)?.at(-1)}`],
      ];
    });
    expect(BOUNDARIES).to.deep.equal(Object.fromEntries(all));
  });

  for (const work of WORKS) {
    describe(`a job (${work})`, () => {
      const names = BOUNDARIES[work];
      const jobs = new Map<string, { readonly jobId: string; readonly options: InstanceOptions }>();
      const began = new Map<string, boolean[]>();

      before(async () => {
        // One job at a time fills a pool.
        const rounds = work === 'fill-pool' ? names.map((name) => [name]) : [names];
        for (const [round, together] of rounds.entries()) await killAt(together, round);
      });

      async function killAt(boundaries: readonly string[], round: number): Promise<void> {
        const all = boundaries.map((_, at) => optionsFor(chaos.domain(`${work}-${round}-${at}`)));
        await makeReady(chaos, work, all);
        const victim = await startVictim(work, boundaries.length, boundaries);
        const jobIds = await Promise.all(all.map((options) => queueWork(chaos, work, options)));
        for (const boundary of boundaries) await victim.held(heldAt(boundary));
        const watcher = await startWatcher(work, boundaries.length);
        await victim.kill();
        for (const [at, options] of all.entries()) {
          const jobId = jobIds[at] ?? '';
          jobs.set(boundaryOf(await progressOf(chaos, jobId)), { jobId, options });
        }
        await Promise.all(jobIds.map((jobId) => endOf(chaos, jobId)));
        await watcher.stop();
        for (const [jobId, marks] of watcher.began) began.set(jobId, marks);
      }

      for (const name of names) {
        it(`${name} goes on there while the lock would have lasted, once, and ends well`, async () => {
          const job = jobs.get(name);
          if (job === undefined) throw new Error(`no job was held ${name}`);
          expect(began.get(job.jobId)).to.deep.equal([true]);
          expect(await endOf(chaos, job.jobId)).to.include({ state: 'done' });
          expect(await wrongAfter(chaos, work, job.options)).to.deep.equal([]);
        });
      }

      if (work === 'fill-pool') {
        it('says that the pool was filled, wherever it was killed', async () => {
          for (const { jobId } of jobs.values()) {
            expect(await endOf(chaos, jobId)).to.include({ outcome: 'filled' });
          }
        });
      }

      if (work === 'destroy') {
        it('has told konnectors and the RAG server once of each instance', async () => {
          const domains = [...jobs.values()].map(({ options }) => options.domain).sort();
          expect([...stack.told].sort()).to.deep.equal(domains.map(prefixOf).sort());
          expect([...stack.forgotten].sort()).to.deep.equal(domains);
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
    let victim = await startVictim('create', 1, [first]);
    const jobId = await queueWork(chaos, 'create', options);
    await victim.held(heldAt(first));
    for (const boundary of others) {
      const next = await startVictim('create', 1, [boundary]);
      await victim.kill();
      await next.held(heldAt(boundary));
      expect(await chaos.fleet.redis.exists(chaos.fleet.keys.lateRequests(jobId)), boundary).to.equal(1);
      victim = next;
    }
    const watcher = await startWatcher('create');
    await victim.kill();
    expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
    await watcher.stop();
    expect(watcher.began.get(jobId)).to.deep.equal([true]);
    expect(await wrongAfter(chaos, 'create', options)).to.deep.equal([]);
  });

  it('a worker that was stopped keeps its job until its lock has run out, whatever is said of it', async () => {
    const { redis, keys } = chaos.fleet;
    const options = optionsFor(chaos.domain('stopped'));
    const victim = await startVictim('create', 1, ['before settings']);
    const jobId = await queueWork(chaos, 'create', options);
    await victim.held('before settings');
    const watcher = await startWatcher('create');
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

/** Where a job was held. */
function boundaryOf({ stages }: Progress): string {
  const running = stages.filter(({ state }) => state === 'running').map(({ stage }) => stage);
  return running.length > 0 ? `before ${running.join(', ')}` : `after ${stages.at(-1)?.stage}`;
}
