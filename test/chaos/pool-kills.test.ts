import { expect } from 'chai';
import { DATABASES } from '../../src/instances/databases/databases.ts';
import { newPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import { createPoolStore } from '../../src/instances/pool/pool-store.ts';
import { type ConnectedWorker, connectWorker } from '../../src/workers/connect.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  instancesOf,
  itemsOf,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../support/chaos-fleet.ts';
import { type HoldRule, openGate } from '../support/chaos-gate.ts';
import { FILLED_BY_HAND, queueFilling, SeenPrefixes } from '../support/chaos-pool.ts';
import { type ChaosWorker, startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import type { TestCouch } from '../support/servers.ts';
import { silentLog } from '../support/test-log.ts';
import { workerConfig } from '../support/worker-settings.ts';

// Processes that are killed in the middle of a request, before or after CouchDB has done it, and others that go on;
// `pool.test.ts` and `pool-claim.test.ts` try each request, without processes.

/** Each kill takes a process, and a sweep comes every five seconds. */
const TIMEOUT_MS = 240_000;

/** A request at which a worker is killed. */
interface Point {
  readonly what: string;
  readonly rule: Omit<HoldRule, 'at'>;
}

const WHERE = ['before', 'after'] as const;

const ENTRY = /^\/cozy-fleet-pool\/cozy[0-9a-f]{32}$/;
const DATABASE = /^\/cozy[0-9a-f]{32}\/[a-z-]+$/;
const DESIGNS = /^\/cozy[0-9a-f]{32}\/[a-z-]+\/_bulk_docs$/;
const FILES = /^\/cozy[0-9a-f]{32}\/io-cozy-files\/_bulk_docs$/;

const FILLING: readonly Point[] = [
  { what: 'the entry in the books', rule: { method: 'PUT', path: ENTRY } },
  { what: 'the fifth database', rule: { method: 'PUT', path: DATABASE, nth: 5 } },
  { what: 'design documents', rule: { method: 'POST', path: DESIGNS, nth: 3 } },
  { what: 'the item is ready', rule: { method: 'PUT', path: ENTRY, nth: 2 } },
];

/** Of two jobs that come by, one is held before its request and one after it. */
const CLAIMING: readonly Point[] = [
  { what: 'the claim', rule: { method: 'PUT', path: ENTRY } },
  { what: 'files of the owner', rule: { method: 'POST', path: FILES } },
  { what: 'the entry is forgotten', rule: { method: 'DELETE', path: ENTRY } },
];

const REGISTERING = [
  { what: 'the reservation', nth: 1 },
  { what: 'the final document', nth: 2 },
] as const;

const SWEEPING: readonly Point[] = [
  { what: 'an item is removing', rule: { method: 'PUT', path: ENTRY } },
  { what: 'the fifth database', rule: { method: 'DELETE', path: DATABASE, nth: 5 } },
  { what: 'an item is forgotten', rule: { method: 'DELETE', path: ENTRY } },
];

describe('a pool whose worker process is killed', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let couch: TestCouch;
  let chaos: ChaosFleet;
  let seen: SeenPrefixes;

  before(async () => {
    couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    seen = new SeenPrefixes(chaos);
  });
  after(() => suite.run());

  /** A worker of this process. */
  async function startWorker(of: ChaosFleet, concurrency: number): Promise<ConnectedWorker> {
    const config = workerConfig({ ...of.settings, concurrency, pool: FILLED_BY_HAND });
    const worker = await connectWorker({ config, log: silentLog() });
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= worker.stop();
      return stopping;
    };
    return of.cleanup.add({ ...worker, stop }, (each) => each.stop());
  }

  async function startVictim(
    of: ChaosFleet,
    concurrency: number,
    { couchUrl = of.settings.couchUrl, holdAt = [] as readonly string[] } = {},
  ): Promise<ChaosWorker> {
    const settings = { ...of.settings, couchUrl, concurrency, pool: FILLED_BY_HAND };
    return of.cleanup.add(await startChaosWorker(settings, holdAt), (each) => each.kill());
  }

  /** Runs work, and kills its worker once these requests are held. */
  async function killAt(rules: readonly HoldRule[], work: () => Promise<unknown>): Promise<void> {
    const gate = chaos.cleanup.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
    const holds = rules.map((rule) => gate.hold(rule));
    const victim = await startVictim(chaos, rules.length, { couchUrl: gate.url });
    await work();
    await Promise.all(holds.map(({ reached }) => reached));
    await seen.look();
    await victim.kill();
  }

  async function fill(more: number): Promise<void> {
    const worker = await startWorker(chaos, 1);
    expect(await endOf(chaos, await queueFilling(chaos, more))).to.include({ outcome: 'filled' });
    await worker.stop();
    await seen.look();
  }

  /** Has another worker end what is left to do, and sweep. */
  async function goOn(jobIds: readonly string[]): Promise<void> {
    const worker = await startWorker(chaos, 4);
    for (const jobId of jobIds) expect(await endOf(chaos, jobId), jobId).to.include({ state: 'done' });
    await seen.swept();
    await worker.stop();
  }

  for (const { what, rule } of FILLING) {
    for (const at of WHERE) {
      it(`while it fills, ${at} ${what}, is filled by another, and nothing else is left`, async () => {
        const ready = (await itemsOf(chaos)).length;
        let jobId = '';
        await killAt([{ ...rule, at }], async () => {
          jobId = await queueFilling(chaos, 1);
        });
        await goOn([jobId]);
        expect(await seen.faults(true)).to.deep.equal([]);
        expect(await itemsOf(chaos)).to.have.length(ready + 1);
      });
    }
  }

  /** Creations that are killed at these requests and finished by another worker. */
  async function claimed(all: readonly InstanceOptions[], rules: readonly HoldRule[]): Promise<void> {
    await fill(all.length);
    let jobIds: string[] = [];
    await killAt(rules, async () => {
      jobIds = await Promise.all(all.map((options) => queueInstance(chaos, options)));
    });
    expect(await seen.faults(false)).to.deep.equal([]);
    await goOn(jobIds);
    expect(await seen.faults(true)).to.deep.equal([]);
    for (const options of all) expect(await findings(chaos, options), options.domain).to.deep.equal([]);
    const prefixes = (
      await instancesOf(
        chaos.couch,
        all.map(({ domain }) => domain),
      )
    ).map(({ prefix }) => prefix);
    expect(new Set(prefixes)).to.have.property('size', all.length);
    expect(prefixes).not.to.include.members(all.map(({ domain }) => prefixOf(domain)));
  }

  it('while it claims, fills in and forgets items, is gone on with by another', async () => {
    const rules = CLAIMING.flatMap(({ rule }) => WHERE.map((at) => ({ ...rule, at })));
    await claimed(
      rules.map((_, at) => optionsFor(chaos.domain(`claim-${at}`))),
      rules,
    );
  });

  it('while it reserves and finishes what it has claimed, is gone on with by another', async () => {
    const points = REGISTERING.flatMap(({ nth }) => WHERE.map((at) => ({ nth, at })));
    const all = points.map((_, at) => optionsFor(chaos.domain(`register-${at}`)));
    const rules = points.map(({ nth, at }, index): HoldRule => {
      const path = new RegExp(`^/global/instances/${reservationId(all[index]?.domain ?? '')}$`);
      return { method: 'PUT', path, nth, at };
    });
    await claimed(all, rules);
  });

  it('while it sweeps, one after the other, leaves nothing that another does not end', async () => {
    const store = createPoolStore(chaos.couch);
    for (let items = 0; items < 2; items += 1) {
      const fields = { cluster: 0, definitions: 'a'.repeat(32), fleet: chaos.settings.prefix, job: 'gone' };
      const { prefix } = await store.add(newPoolPrefix(), { ...fields, state: 'filling' });
      for (const { doctype } of DATABASES) await chaos.couch.createDatabase(databaseName(prefix, doctype));
    }
    for (const { what, rule } of SWEEPING) {
      for (const at of WHERE) {
        await killAt([{ ...rule, at }], async () => undefined);
        expect(await seen.faults(false), `${at} ${what}`).to.deep.equal([]);
      }
    }
    await goOn([]);
    expect(await seen.faults(true)).to.deep.equal([]);
  });

  it('beside another fleet that wants the same items, gets none twice, and both leave nothing', async () => {
    const other = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    const both = new SeenPrefixes(chaos, other);
    const fillers = [await startWorker(chaos, 1), await startWorker(other, 1)];
    const filled = [await queueFilling(chaos, 3), await queueFilling(other, 3)];
    await Promise.all([endOf(chaos, filled[0] ?? ''), endOf(other, filled[1] ?? '')]);
    for (const filler of fillers) await filler.stop();
    await both.look();
    const { size } = both;

    const wanted = [chaos, other].flatMap((fleet, of) =>
      Array.from({ length: 5 }, (_, at) => ({
        fleet,
        options: optionsFor(fleet.domain(`race-${of}-${at}`)),
      })),
    );
    const jobs = await Promise.all(
      wanted.map(async ({ fleet, options }) => ({ fleet, jobId: await queueInstance(fleet, options) })),
    );
    const [victim, survivor] = await Promise.all([
      startVictim(chaos, 5, { holdAt: ['before finish'] }),
      startVictim(other, 5),
    ]);
    await victim.held('before finish');
    await victim.kill();
    await survivor.stop();
    const last = [await startWorker(chaos, 5), await startWorker(other, 5)];
    for (const { fleet, jobId } of jobs) {
      expect(await endOf(fleet, jobId)).to.include({ state: 'done', outcome: 'created' });
    }
    await both.swept();
    for (const worker of last) await worker.stop();

    expect(await both.faults(true)).to.deep.equal([]);
    for (const { fleet, options } of wanted) {
      expect(await findings(fleet, options), options.domain).to.deep.equal([]);
    }
    const instances = await instancesOf(
      chaos.couch,
      wanted.map(({ options }) => options.domain),
    );
    const fromPool = instances.filter(({ domain, prefix }) => prefix !== prefixOf(domain));
    expect(size).to.be.at.least(3);
    expect(fromPool).not.to.have.length(0);
  });
});
