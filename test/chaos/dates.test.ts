import { expect } from 'chai';
import { connectCouch } from '../../src/couchdb/server.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { StoredDate } from '../../src/jobs/dates/date-document.ts';
import { jobOfDate } from '../../src/jobs/dates/date-ids.ts';
import { createDateStore, type DateStore } from '../../src/jobs/dates/date-store.ts';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { type DateServices, lookAfterDates } from '../../src/workers/dates/look-after-dates.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import { makeInstances, remainsOf } from '../support/chaos-destroy.ts';
import { type ChaosFleet, endOf, instancesOf, openChaosFleet, optionsFor } from '../support/chaos-fleet.ts';
import { openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { startCuttingProxy } from '../support/cutting-proxy.ts';
import { DUE_MS, destroyDate } from '../support/test-dates.ts';
import { silentLog } from '../support/test-log.ts';

const TIMEOUT_MS = 240_000;

/** More requests than a look at two dates sends. */
const MOST_REQUESTS = 30;

describe('dates whose worker dies', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let store: DateStore;
  let number = 0;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    store = createDateStore(chaos.couch);
  });
  after(() => suite.run());

  /** Two instances with a date of one command each. */
  async function made(): Promise<readonly StoredDate[]> {
    number += 1;
    const options: InstanceOptions[] = ['one', 'other'].map((name) =>
      optionsFor(chaos.domain(`${name}-${number}`)),
    );
    await makeInstances(chaos, options);
    const found = await instancesOf(
      chaos.couch,
      options.map(({ domain }) => domain),
    );
    const [first] = found;
    if (first === undefined) throw new Error('no instance was made');
    const { batch } = destroyDate(first);
    const dates = found.map((instance, at) =>
      destroyDate(instance, { batch, row: at + 1, total: 2, confirmed: 2, tries: 8 }),
    );
    return (await store.write(dates)).flatMap((date) => (date === undefined ? [] : [date]));
  }

  async function look(more: Partial<DateServices> = {}): Promise<void> {
    const couchTime = async () => ({ said: DUE_MS, asked: DUE_MS, answered: DUE_MS });
    const { fleet, couch: global } = chaos;
    const { signal } = new AbortController();
    await lookAfterDates(
      { fleet, global, guardPercent: 5, couchTime, log: silentLog(), signal, ...more },
      true,
    );
  }

  /** Others look, and work, until all is done; each instance has gone by one job, and no date is left. */
  async function goOn(dates: readonly StoredDate[]): Promise<void> {
    await look();
    const worker = await chaos.worker(2);
    for (const date of dates)
      expect(await endOf(chaos, jobOfDate(date))).to.include({ outcome: 'destroyed' });
    await worker.stop();
    await look();
    const domains = dates.map(({ domain }) => domain);
    expect(await remainsOf(chaos, domains)).to.deep.equal([]);
    for (const { _id } of dates) expect(await store.get(_id)).to.equal(undefined);
    const [{ batch = '' } = {}] = dates;
    const { total, counts } = await chaos.fleet.batches.get(batch);
    expect({ total, done: counts.done }).to.deep.equal({ total: 2, done: 2 });
  }

  it('at any request to CouchDB while it looks, are carried out once by others', async () => {
    const proxy = suite.add(await startCuttingProxy(chaos.settings.couchUrl), (each) => each.close());
    let isCut = true;
    for (let at = 1; isCut && at < MOST_REQUESTS; at += 1) {
      for (const where of ['before', 'after'] as const) {
        const dates = await made();
        isCut = false;
        const dead = new AbortController();
        proxy.cutAt(at, where, () => {
          isCut = true;
          dead.abort(new Error('it is dead'));
        });
        const global = connectCouch({ url: proxy.url, connections: 4 });
        await look({ global, signal: dead.signal }).catch((error: unknown) => {
          if (!isCut) throw error;
        });
        await global.close();
        await goOn(dates);
      }
    }
    expect(isCut, 'there were requests that were not cut').to.equal(false);
  });

  const DEATHS: readonly (readonly [string, (fleet: KeyedFleet) => KeyedFleet])[] = [
    ['before it has made the batch', (fleet) => dyingAt(fleet, 'createOnce')],
    ['before it has entered rows of the batch', (fleet) => dyingAt(fleet, 'enter')],
    ['before it has counted the batch', (fleet) => dyingAt(fleet, 'setTotal')],
  ];

  for (const [what, dying] of DEATHS) {
    it(`${what} are carried out once by others`, async () => {
      const dates = await made();
      await look({ fleet: dying(chaos.fleet) }).catch(() => undefined);
      await goOn(dates);
    });
  }

  const INSTANCE = /^\/global\/instances\/[^_/][^/]*$/;
  const CLAIM = /^\/cozy-fleet-dates\/_bulk_docs$/;

  for (const [what, rule] of [
    ['the date says that its job begins', { method: 'POST', path: CLAIM }],
    ['the instance is flagged', { method: 'PUT', path: INSTANCE }],
    ['the instance is gone', { method: 'DELETE', path: INSTANCE }],
  ] as const) {
    for (const at of ['before', 'after'] as const) {
      it(`${at} ${what}, are carried out by another`, async () => {
        const dates = await made();
        await look();
        const gate = chaos.cleanup.add(await openGate(chaos.settings.couchUrl), (each) => each.close());
        const { reached } = gate.hold({ ...rule, at });
        const settings = { ...chaos.settings, couchUrl: gate.url, concurrency: 1 };
        const victim = chaos.cleanup.add(await startChaosWorker(settings, []), (each) => each.kill());
        await reached;
        await victim.kill();
        await goOn(dates);
      });
    }
  }
});

/** A fleet that dies at a call, as a process would. */
function dyingAt(fleet: KeyedFleet, call: 'createOnce' | 'enter' | 'setTotal'): KeyedFleet {
  const die = async () => {
    throw new Error('it is dead');
  };
  return { ...fleet, batches: { ...fleet.batches, [call]: die } };
}
