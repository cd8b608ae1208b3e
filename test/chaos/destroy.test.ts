import { expect } from 'chai';
import { prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import type { DestroyStageName } from '../../src/jobs/kinds/destroy.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import { makeAccounts, makeInstances, queueDestruction, remainsOf } from '../support/chaos-destroy.ts';
import {
  type ChaosFleet,
  endOf,
  openChaosFleet,
  optionsFor,
  progressOf,
  queueInstance,
  triesOf,
} from '../support/chaos-fleet.ts';
import { type HoldRule, openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';

/** A killed worker's destructions end when its lock would have, and many of them at once take a while. */
const TIMEOUT_MS = 120_000;

/** Rounds of destroying and making again in the same second. */
const ROUNDS = 50;

/** A moment inside a stage at which the worker is killed. */
interface InnerPoint {
  readonly stage: DestroyStageName;
  readonly what: string;
  readonly at: HoldRule['at'];
  /** Whether the instance has accounts, and so is not shut by the write that flags it. */
  readonly hasAccounts?: boolean;
  rule(domain: string): Omit<HoldRule, 'at'>;
}

const document = (domain: string) => new RegExp(`^/global/instances/${reservationId(domain)}$`);

const INSIDE: readonly InnerPoint[] = (['before', 'after'] as const).flatMap((at): InnerPoint[] => [
  { stage: 'mark', what: 'the flag', at, rule: (d) => ({ method: 'PUT', path: document(d), nth: 1 }) },
  {
    stage: 'close',
    what: 'the block',
    at,
    hasAccounts: true,
    rule: (d) => ({ method: 'PUT', path: document(d), nth: 2 }),
  },
  {
    stage: 'databases',
    what: 'the fifth database',
    at,
    rule: (d) => ({ method: 'DELETE', path: new RegExp(`^/${prefixOf(d)}/`), nth: 5 }),
  },
  {
    stage: 'unregister',
    what: 'the document',
    at,
    rule: (d) => ({ method: 'DELETE', path: document(d) }),
  },
]);

/** What a worker does for an instance beside which neither a stack's Redis nor a RAG server is configured. */
const RUNS: readonly {
  readonly which: string;
  readonly stages: readonly DestroyStageName[];
  readonly hasAccounts: boolean;
}[] = [
  { which: 'without accounts', stages: ['mark', 'databases', 'storage', 'unregister'], hasAccounts: false },
  {
    which: 'with accounts',
    stages: ['mark', 'accounts', 'close', 'databases', 'storage', 'unregister'],
    hasAccounts: true,
  },
];

describe('a destruction whose worker', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
  });
  after(() => suite.run());

  async function rescue(jobIds: readonly string[]): Promise<void> {
    const rescuer = await chaos.worker(4);
    await Promise.all(jobIds.map((jobId) => endOf(chaos, jobId)));
    await rescuer.stop();
  }

  for (const { which, stages, hasAccounts } of RUNS) {
    describe(`was killed at the boundary of a stage of an instance ${which}`, () => {
      // The end of a stage and the begin of the next one are one boundary: they are recorded together.
      const names = [...stages.map((stage) => `before ${stage}`), 'after unregister'];
      let domains: string[] = [];
      const jobs = new Map<string, string>();

      before(async () => {
        domains = names.map((_, at) => chaos.domain(`boundary-${stages.length}-${at}`));
        await makeInstances(
          chaos,
          domains.map((domain) => optionsFor(domain)),
        );
        if (hasAccounts) await Promise.all(domains.map((domain) => makeAccounts(chaos, domain)));
        const settings = { ...chaos.settings, concurrency: domains.length };
        // The first job to arrive at a boundary stays there, so that each boundary gets one of them.
        const worker = chaos.cleanup.add(await startChaosWorker(settings, names), (each) => each.kill());
        const jobIds = await Promise.all(domains.map((domain) => queueDestruction(chaos, domain)));
        for (const name of names) await worker.held(name);
        await worker.kill();
        for (const jobId of jobIds) {
          const last = (await progressOf(chaos, jobId)).stages.at(-1);
          jobs.set(`${last?.state === 'done' ? 'after' : 'before'} ${last?.stage}`, jobId);
        }
        await rescue(jobIds);
      });

      for (const name of names) {
        it(`${name}, is finished by another, which runs nothing again that was done`, async () => {
          const jobId = jobs.get(name) ?? '';
          expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'destroyed' });
          const once = Object.fromEntries(stages.map((stage) => [stage, 1]));
          const [where = '', stage = ''] = name.split(' ');
          const expected = where === 'before' ? { ...once, [stage]: 2 } : once;
          expect(triesOf(await progressOf(chaos, jobId))).to.deep.equal(expected);
        });
      }

      it('leaves nothing', async () => {
        expect(await remainsOf(chaos, domains)).to.deep.equal([]);
      });
    });
  }

  describe('was killed inside a stage', () => {
    let domains: string[] = [];
    let jobIds: string[] = [];

    before(async () => {
      domains = INSIDE.map((_, at) => chaos.domain(`inside-${at}`));
      await makeInstances(
        chaos,
        domains.map((domain) => optionsFor(domain)),
      );
      const withAccounts = domains.filter((_, at) => INSIDE[at]?.hasAccounts === true);
      await Promise.all(withAccounts.map((domain) => makeAccounts(chaos, domain)));
      const gate = chaos.cleanup.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
      const settings = { ...chaos.settings, couchUrl: gate.url, concurrency: domains.length };
      const holds = INSIDE.map(({ at, rule }, index) => gate.hold({ ...rule(domains[index] ?? ''), at }));
      const worker = chaos.cleanup.add(await startChaosWorker(settings), (each) => each.kill());
      jobIds = await Promise.all(domains.map((domain) => queueDestruction(chaos, domain)));
      await Promise.all(holds.map(({ reached }) => reached));
      await worker.kill();
      await rescue(jobIds);
    });

    for (const [index, { stage, what, at }] of INSIDE.entries()) {
      it(`${at} ${what} of ${stage}, is finished by another`, async () => {
        expect(await endOf(chaos, jobIds[index] ?? '')).to.include({ state: 'done', outcome: 'destroyed' });
      });
    }

    it('leaves nothing', async () => {
      expect(await remainsOf(chaos, domains)).to.deep.equal([]);
    });
  });

  it(`can be followed by a creation in the same second, ${ROUNDS} times of ${ROUNDS}`, async () => {
    const options = optionsFor(chaos.domain('again'));
    const worker = await chaos.worker(1);
    const outcomes: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const queue of [
        () => queueInstance(chaos, options),
        () => queueDestruction(chaos, options.domain),
      ]) {
        const end = await endOf(chaos, await queue());
        outcomes.push(end.state === 'done' ? end.outcome : JSON.stringify(end));
      }
    }
    await worker.stop();
    expect(outcomes).to.deep.equal(Array.from({ length: ROUNDS }, () => ['created', 'destroyed']).flat());
    expect(await remainsOf(chaos, [options.domain])).to.deep.equal([]);
  });
});
