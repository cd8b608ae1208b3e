import { expect } from 'chai';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { SkeletonOrder } from '../../src/instances/options/skeleton-order.ts';
import { JOB_KINDS } from '../../src/jobs/kinds/job-kinds.ts';
import type { Progress } from '../../src/jobs/queue/progress.ts';
import { createStages } from '../../src/workers/create/stages.ts';
import { stagesIn } from '../../src/workers/stage/pipeline.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  incarnationIn,
  instancesOf,
  openChaosFleet,
  optionsFor,
  progressOf,
  queueInstance,
  triesOf,
} from '../support/chaos-fleet.ts';
import { type Hold, type HoldRule, openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/servers.ts';
import { orderOf, putSkeleton } from '../support/skeletons.ts';

/** Where a worker sleeps its job goes on after 7–12 s, and 8 and then 12 of them at once take a while. */
const TIMEOUT_MS = 120_000;

/** Jobs at a time of the worker that finishes what the killed one began. */
const RESCUE_CONCURRENCY = 4;

/** What BullMQ says when a worker reports on a job that another one has, or that has ended. */
const LOST_LOCK = /lock|not in the active state/i;

type StageName = (typeof JOB_KINDS.create.stages)[number];

/** One job, and what was known of it when its worker was killed. */
interface Victim {
  readonly options: InstanceOptions;
  readonly jobId: string;
  readonly progress: Progress;
  readonly incarnation: string | undefined;
}

/** A moment in a creation at which its worker is killed. */
interface Point {
  readonly name: string;
  /** The stages that have to be run again; none when the last one was done with. */
  readonly again: readonly StageName[];
}

/**
 * Those that run at the same time as this one, itself included: they are recorded together, and run again together. Without
 * applications `apps` is done before it could run.
 */
function together(stage: StageName): StageName[] {
  const step = createStages.map(stagesIn).find((stages) => stages.some(({ name }) => name === stage));
  return (step ?? []).map(({ name }) => name).filter((name) => name !== 'apps');
}

/**
 * The end of a step and the begin of the next one are one: they are recorded together. Without applications `apps` is recorded with
 * what comes before, so that nobody is killed at its begin (`dead-neighbours.test.ts` has some).
 */
const BOUNDARIES: readonly Point[] = [
  ...JOB_KINDS.create.stages
    .filter((stage) => stage !== 'apps')
    .map((stage) => ({ name: `before ${stage}`, again: together(stage) })),
  { name: 'after skeleton', again: [] },
];

interface InnerPoint extends Point {
  rule(domain: string): HoldRule;
}

const INSIDE = JOB_KINDS.create.stages.flatMap((stage): InnerPoint[] => {
  const request = requestOf(stage);
  if (request === undefined) return [];
  return (['before', 'after'] as const).map((at) => ({
    name: `${at} ${request.what} of ${stage}`,
    again: together(stage),
    rule: (domain) => ({ ...request.rule(domain), at }),
  }));
});

interface ChosenRequest {
  readonly what: string;
  rule(domain: string): Omit<HoldRule, 'at'>;
}

/** The request of each stage at which its worker is killed; `apps` sends none yet. */
function requestOf(stage: StageName): ChosenRequest | undefined {
  switch (stage) {
    case 'register':
      return { what: 'the reservation', rule: (domain) => instanceRule(domain, 1) };
    case 'databases':
      return {
        what: 'the fifth database',
        rule: (domain) => ({ method: 'PUT', path: new RegExp(`^/${prefixOf(domain)}/`), nth: 5 }),
      };
    case 'indexes':
      return {
        what: 'some design documents',
        rule: (domain) => bulkRule(domain, 'io.cozy.permissions', 1),
      };
    case 'directories':
      return { what: 'the directories', rule: (domain) => bulkRule(domain, 'io.cozy.files', 1) };
    case 'settings':
      return { what: 'settings and vault', rule: (domain) => bulkRule(domain, 'io.cozy.settings', 1) };
    case 'finish':
      return { what: 'the final document', rule: (domain) => instanceRule(domain, 2) };
    case 'skeleton':
      return { what: 'the first files', rule: (domain) => bulkRule(domain, 'io.cozy.files', 2) };
    case 'apps':
      return undefined;
    default:
      return stage satisfies never;
  }
}

function instanceRule(domain: string, nth: number): Omit<HoldRule, 'at'> {
  const id = prefixOf(domain).replace(/^cozy/, '');
  return { method: 'PUT', path: new RegExp(`^/global/instances/${id}$`), nth };
}

function bulkRule(domain: string, doctype: string, nth: number): Omit<HoldRule, 'at'> {
  const database = databaseName(prefixOf(domain), doctype);
  return { method: 'POST', path: new RegExp(`^/${database}/_bulk_docs$`), nth };
}

describe('a creation whose worker', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let skeleton: SkeletonOrder;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    const directory = suite.add(await temporaryDirectory('chaos-skeleton'), (each) => each.remove());
    await putSkeleton(directory.path, { 'common/Read me.txt': 'hello', 'fr/Photos/chat.txt': 'miaou' });
    skeleton = await orderOf(directory.path);
  });
  after(() => suite.run());

  async function remembered(options: InstanceOptions, jobId: string): Promise<Victim> {
    const progress = await progressOf(chaos, jobId);
    return { options, jobId, progress, incarnation: await incarnationIn(chaos, options.domain) };
  }

  async function rescue(jobIds: readonly string[]): Promise<void> {
    const rescuer = await chaos.worker(RESCUE_CONCURRENCY);
    await Promise.all(jobIds.map((jobId) => endOf(chaos, jobId)));
    await rescuer.stop();
  }

  /** Checks that hold wherever the worker was killed. */
  function goesOn(point: Point, victimOf: () => Victim): void {
    describe(`was killed ${point.name}`, () => {
      it('is finished by another', async () => {
        const { jobId } = victimOf();
        expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
      });

      it('leaves one complete instance and nothing else', async () => {
        expect(await findings(chaos, victimOf().options)).to.deep.equal([]);
      });

      it('runs again what was interrupted, and nothing that was done', async () => {
        const once = Object.fromEntries(JOB_KINDS.create.stages.map((stage) => [stage, 1]));
        const again = Object.fromEntries(point.again.map((stage) => [stage, 2]));
        const expected = { ...once, ...again };
        expect(triesOf(await progressOf(chaos, victimOf().jobId))).to.deep.equal(expected);
      });

      it('keeps the life that was begun', async () => {
        const { options, jobId, progress, incarnation } = victimOf();
        const now = await incarnationIn(chaos, options.domain);
        expect((await progressOf(chaos, jobId)).incarnation).to.equal(now);
        expect([now, undefined]).to.include(incarnation);
        expect([now, undefined]).to.include(progress.incarnation);
      });
    });
  }

  describe('at the boundary of a stage', () => {
    const victims = new Map<string, Victim>();

    before(async () => {
      const names = BOUNDARIES.map(({ name }) => name);
      const all = names.map((_, at) => ({ ...optionsFor(chaos.domain(`boundary-${at}`)), skeleton }));
      const settings = { ...chaos.settings, concurrency: all.length };
      // The first job to arrive at a boundary stays there, so that each boundary gets one of them.
      const worker = chaos.cleanup.add(await startChaosWorker(settings, names), (each) => each.kill());
      const jobIds = await Promise.all(all.map((options) => queueInstance(chaos, options)));
      for (const name of names) await worker.held(name);
      await worker.kill();
      for (const [at, options] of all.entries()) {
        const victim = await remembered(options, jobIds[at] ?? '');
        const boundary = boundariesOf(victim.progress).find((each) => !victims.has(each));
        victims.set(boundary ?? 'nowhere', victim);
      }
      await rescue(jobIds);
    });

    for (const point of BOUNDARIES) goesOn(point, () => found(victims, point.name));
  });

  describe('inside a stage', () => {
    const victims = new Map<string, Victim>();

    before(async () => {
      const gate = chaos.cleanup.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
      const settings = { ...chaos.settings, couchUrl: gate.url, concurrency: INSIDE.length };
      const worker = chaos.cleanup.add(await startChaosWorker(settings), (each) => each.kill());
      const begun = INSIDE.map((point, at) => {
        // With a magic link there is a vault, whose passphrase nobody knows twice.
        const options = { ...optionsFor(chaos.domain(`inside-${at}`), { magic_link: 'true' }), skeleton };
        return { point, options, hold: gate.hold(point.rule(options.domain)) };
      });
      const jobIds = await Promise.all(begun.map(({ options }) => queueInstance(chaos, options)));
      await Promise.all(begun.map(({ hold }) => hold.reached));
      await worker.kill();
      for (const [at, { point, options }] of begun.entries()) {
        victims.set(point.name, await remembered(options, jobIds[at] ?? ''));
      }
      await rescue(jobIds);
    });

    for (const point of INSIDE) goesOn(point, () => found(victims, point.name));
  });

  it('leaves no scratch database behind', async () => {
    // Killed while it reads index definitions, it would: for ten minutes, by design. Here none was.
    expect(await chaos.couch.listDatabases('cozy-fleet/')).to.deep.equal([]);
  });

  describe('slept through its lock', () => {
    const SLEEPS = [
      { where: 'when it had reserved the domain', nth: 1, at: 'after', status: 201 },
      { where: 'before it reserved the domain', nth: 1, at: 'before', status: 409 },
      { where: 'before it wrote the final document', nth: 2, at: 'before', status: 409 },
    ] as const;
    const sleepers: { options: InstanceOptions; jobId: string; hold: Hold }[] = [];
    /** What was there when another worker had finished, before the first one woke up. */
    const finished = new Map<string, { instances: StoredInstance[]; job: object | undefined }>();

    async function stateOf(options: InstanceOptions, jobId: string) {
      const instances = await instancesOf(chaos.couch, [options.domain]);
      return { instances, job: (await chaos.fleet.queue.getJob(jobId))?.asJSON() };
    }

    before(async () => {
      const gate = chaos.cleanup.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
      const settings = { ...chaos.settings, couchUrl: gate.url };
      const workers = await Promise.all(
        SLEEPS.map(async () => chaos.cleanup.add(await startChaosWorker(settings), (each) => each.kill())),
      );
      for (const [index, { nth, at }] of SLEEPS.entries()) {
        const options = optionsFor(chaos.domain(`asleep-${index}`));
        const hold = gate.hold({ ...instanceRule(options.domain, nth), at });
        sleepers.push({ options, hold, jobId: await queueInstance(chaos, options) });
      }
      await Promise.all(sleepers.map(({ hold }) => hold.reached));
      for (const worker of workers) worker.pause();
      await rescue(sleepers.map(({ jobId }) => jobId));
      for (const { options, jobId } of sleepers) finished.set(jobId, await stateOf(options, jobId));

      for (const { hold } of sleepers) hold.release();
      for (const worker of workers) worker.wake();
      await Promise.all(workers.map((worker) => worker.logged(LOST_LOCK)));
      await Promise.all(workers.map((worker) => worker.stop()));
    });

    for (const [index, { where, status }] of SLEEPS.entries()) {
      describe(where, () => {
        it('is finished by another', async () => {
          expect(await findings(chaos, at(sleepers, index).options)).to.deep.equal([]);
        });

        it('changes nothing when it wakes up', async () => {
          const { options, jobId } = at(sleepers, index);
          expect(await stateOf(options, jobId)).to.deep.equal(finished.get(jobId));
        });

        it(`is answered ${status} by CouchDB`, async () => {
          expect(await at(sleepers, index).hold.status).to.equal(status);
        });
      });
    }
  });
});

/** At which boundaries a job may have been held: of stages that begin together each looks like the others. */
function boundariesOf({ stages }: Progress): string[] {
  const running = stages.filter(({ state }) => state === 'running');
  if (running.length > 0) return running.map(({ stage }) => `before ${stage}`);
  return stages.slice(-1).map(({ stage }) => `after ${stage}`);
}

function at<T>(all: readonly T[], index: number): T {
  const one = all[index];
  if (one === undefined) throw new Error(`there is no number ${index}`);
  return one;
}

function found(victims: ReadonlyMap<string, Victim>, name: string): Victim {
  const victim = victims.get(name);
  if (victim === undefined) throw new Error(`no job was held ${name}`);
  return victim;
}
