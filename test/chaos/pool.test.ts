import { expect } from 'chai';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { createPoolStore } from '../../src/instances/pool/pool-store.ts';
import { prepareDrain } from '../../src/operations/pool/drain-pool.ts';
import { makeItem } from '../../src/workers/pool/make-item.ts';
import { poolFaults, poolSituation } from '../support/check-pool.ts';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts';
import { DEFINITIONS, type PoolPlatform, startPoolPlatform } from '../support/pool-platform.ts';

/** So many kills, each followed by a sweep. */
const TIMEOUT_MS = 300_000;

/** A death, as the signal of what died has it. */
class Killed extends Error {}

describe('a pool whose worker or command is killed', function () {
  this.timeout(TIMEOUT_MS);
  let test: PoolPlatform;
  let proxy: CuttingProxy;
  /** Prefixes of this test: a server may be shared. */
  const known = new Set<string>();

  before(async () => {
    test = await startPoolPlatform();
    proxy = await startCuttingProxy(test.fleet.couch.url);
  });

  after(async () => {
    await proxy.close();
    await test.close();
  });

  async function faults(settled: boolean): Promise<string[]> {
    for (const { prefix } of await test.items()) known.add(prefix);
    return poolFaults(await poolSituation(test.fleet.couch.url, (prefix) => known.has(prefix)), settled);
  }

  /** Runs it, killed at that request, or to its end. @returns whether it was killed */
  async function killedAt(
    number: number,
    where: 'before' | 'after',
    work: (client: CouchServer, signal: AbortSignal) => Promise<unknown>,
  ): Promise<boolean> {
    const controller = new AbortController();
    proxy.cutAt(number, where, () => controller.abort(new Killed()));
    try {
      await work(test.clientOf(proxy.url), controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    }
    return controller.signal.aborted;
  }

  /** Kills it at each of its requests, until it comes to its end. @returns how many those were */
  async function killedEverywhere(
    where: 'before' | 'after',
    prepare: () => Promise<unknown>,
    work: (client: CouchServer, signal: AbortSignal) => Promise<unknown>,
  ): Promise<number> {
    for (let number = 1; ; number += 1) {
      await prepare();
      const wasKilled = await killedAt(number, where, work);
      expect(await faults(false), `killed at request ${number}`).to.deep.equal([]);
      await test.sweep({ wanted: () => null });
      expect(await faults(true), `swept after request ${number}`).to.deep.equal([]);
      expect(await test.items()).to.deep.equal([]);
      if (!wasKilled) return number - 1;
    }
  }

  for (const where of ['before', 'after'] as const) {
    it(`while it fills, ${where} CouchDB has done what was asked: nothing is left once it was swept`, async () => {
      const { signal } = new AbortController();
      const designs = await test.designs.of(test.fleet.server, signal);
      const kills = await killedEverywhere(
        where,
        async () => undefined,
        async (server, killed) => {
          const services = { store: createPoolStore(server), server, designs, signal: killed };
          const rest = { lease: { assertHeld: () => undefined }, standAside: async () => false };
          const about = { cluster: 0, definitions: DEFINITIONS, fleet: test.prefix, job: 'gone' };
          return await makeItem({ ...services, ...rest }, about);
        },
      );
      expect(kills).to.be.greaterThan(30);
    });

    it(`while it sweeps, ${where} CouchDB has done what was asked: the next sweep ends it`, async () => {
      const kills = await killedEverywhere(
        where,
        () => test.put({ state: 'claimed', domain: test.fleet.domain('swept') }),
        (client, signal) => test.sweep({ signal }, client),
      );
      expect(kills).to.be.greaterThan(20);
    });

    it(`while it drains, ${where} CouchDB has done what was asked: a sweep ends it`, async () => {
      const kills = await killedEverywhere(
        where,
        () => test.put({ state: 'ready' }),
        async (client, signal) => {
          const couch = {
            global: client,
            cluster: () => client,
            servers: () => [client],
            close: async () => undefined,
          };
          const drain = await prepareDrain(
            { couch, jobs: test.fleet.fleet, fleet: test.prefix, clusters: 1 },
            undefined,
            signal,
          );
          return await drain.run(signal, () => undefined);
        },
      );
      expect(kills).to.be.greaterThan(20);
    });
  }

  it('is cleared by two at a time, and nothing of it is left', async () => {
    for (let items = 0; items < 3; items += 1) await test.put({ state: 'removing' });
    await Promise.all([test.sweep(), test.sweep()]);
    expect(await test.items()).to.deep.equal([]);
    expect(await faults(true)).to.deep.equal([]);
  });
});
