import { expect } from 'chai';
import { reservationId } from '../../src/instances/databases/prefix.ts';
import { isFinished } from '../../src/instances/documents/reservation.ts';
import { readInstance } from '../../src/instances/lookup/lookup.ts';
import { poolFaults, poolSituation } from '../support/check-pool.ts';
import { killedAt, type Step } from '../support/creation-attempts.ts';
import { type CreationPlaces, startCreationPlaces } from '../support/creation-places.ts';

/** Dozens of instances are made one after the other, in milliseconds. */
const PATIENCE_MS = 300_000;

describe('creations that take from the pool', function () {
  this.timeout(PATIENCE_MS);

  let places: CreationPlaces;
  let prefixes: Set<string>;

  before(async () => {
    places = await startCreationPlaces();
  });

  beforeEach(() => {
    prefixes = new Set();
  });
  afterEach(() => places.pool.clear());
  after(() => places.close());

  async function item(): Promise<string> {
    const { prefix } = await places.pool.make();
    prefixes.add(prefix);
    return prefix;
  }

  /** So many items are ready, no more than have to be made. */
  async function atLeast(count: number): Promise<void> {
    const { items } = await places.pool.store.list();
    const ready = items.filter(({ state, prefix }) => state === 'ready' && prefixes.has(prefix)).length;
    for (let at = ready; at < count; at += 1) await item();
  }

  async function prefixIn(domain: string): Promise<string | undefined> {
    const found = await readInstance(places.server, reservationId(domain));
    return found !== undefined && isFinished(found) ? found.prefix : undefined;
  }

  async function faults(): Promise<string[]> {
    return poolFaults(await poolSituation(places.couchUrl, (prefix) => prefixes.has(prefix)), true);
  }

  async function sweep(): Promise<void> {
    for (const prefix of prefixes) await places.pool.sweep(prefix);
  }

  for (const isDone of [false, true])
    it(`go on after a kill ${isDone ? 'right after' : 'right before'} each step`, async () => {
      let at = 0;
      for (; ; at += 1) {
        await atLeast(2);
        const tried = places.creation(`killed-${isDone ? 'after' : 'before'}-${at}`);
        const killed = killedAt(at, isDone);
        await tried.attempt(killed).catch((error: unknown) => {
          if (!killed.wasKilled()) throw error;
        });
        if (!killed.wasKilled()) break;
        expect(await tried.attempt(), `killed at ${at}`).to.equal('created');
        expect(prefixes, `killed at ${at}`).to.include(await prefixIn(tried.options.domain));
        await sweep();
        expect(await faults(), `killed at ${at}`).to.deep.equal([]);
      }
      expect(at).to.be.greaterThan(15);
    });

  it('go on although whoever sweeps the pool takes their job for dead, at any step', async () => {
    let at = 0;
    for (; ; at += 1) {
      await atLeast(2);
      const tried = places.creation(`swept-${at}`);
      let steps = 0;
      const swept: Step = async (_name, _args, go) => {
        const isNow = steps === at;
        steps += 1;
        const named = tried.progress.prefix;
        if (isNow && named !== undefined) await places.pool.sweep(named);
        return await go();
      };
      const first = await tried.attempt(swept).catch(() => undefined);
      if (first === undefined) expect(await tried.attempt(), `swept at ${at}`).to.equal('created');
      if (steps <= at) break;
      expect(await prefixIn(tried.options.domain), `swept at ${at}`).to.be.a('string');
      await sweep();
      expect(await faults(), `swept at ${at}`).to.deep.equal([]);
    }
    expect(at).to.be.greaterThan(15);
  });

  it('never get one item for two instances when two fleets want it at once', async () => {
    const ROUNDS = 10;
    for (let round = 0; round < ROUNDS; round += 1) {
      const only = await item();
      const both = [places.creation(`one-${round}`, 'one'), places.creation(`other-${round}`, 'other')];
      expect(await Promise.all(both.map((each) => each.attempt()))).to.deep.equal(['created', 'created']);
      const made = await Promise.all(both.map(({ options }) => prefixIn(options.domain)));
      expect(made.filter((prefix) => prefix === only)).to.have.length(1);
    }
    await sweep();
    expect(await faults()).to.deep.equal([]);
  });

  it('never get one item for two instances when many workers empty the pool', async () => {
    await atLeast(6);
    const all = Array.from({ length: 10 }, (_, at) => places.creation(`many-${at}`));
    await Promise.all(all.map((each) => each.attempt()));
    const made = await Promise.all(all.map(({ options }) => prefixIn(options.domain)));
    expect(new Set(made)).to.have.property('size', 10);
    expect(made.filter((prefix) => prefix !== undefined && prefixes.has(prefix))).to.have.length(6);
    expect(await faults()).to.deep.equal([]);
  });
});
