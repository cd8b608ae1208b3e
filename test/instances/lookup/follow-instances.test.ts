import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import {
  FOLLOW_TIMES,
  type FollowedInstances,
  type FollowTimes,
  followInstances,
} from '../../../src/instances/lookup/follow-instances.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';

/** As they are in a server, but a test does not wait so long for what takes minutes. */
const QUICK: FollowTimes = {
  wait: 1_000,
  gap: 50,
  absent: 100,
  census: 200,
  reload: 0,
  silence: 2_000,
};

interface Following extends FollowedInstances {
  /** What was reported: `lost` or `found`. */
  readonly reports: readonly string[];
  stop(): Promise<void>;
}

function follow(global: CouchServer, times: FollowTimes = QUICK): Following {
  const stopping = new AbortController();
  const reports: string[] = [];
  const report = (failure: unknown) => void reports.push(failure === undefined ? 'found' : 'lost');
  const followed = followInstances({ global, signal: stopping.signal, report, times });
  return {
    ...followed,
    reports,
    async stop() {
      stopping.abort(new Error('the test has ended'));
      await followed.ended;
    },
  };
}

function idOf(followed: FollowedInstances, name: string): string | undefined {
  const owner = followed.names()?.owner(name);
  return typeof owner === 'object' ? owner.id : owner;
}

// A server of the test's own, in any case: what it takes away is the database of all instances.
describe('following the instances', () => {
  let couch: TestCouch;
  let server: CouchServer;
  let followed: Following | undefined;
  const cleanup = new Cleanup();

  before(async () => {
    couch = await startTestCouch({ lockout: true });
    server = connectCouch({ url: couch.url, connections: 8 });
  });

  beforeEach(async () => {
    await server.createDatabase(INSTANCES);
  });

  afterEach(async () => {
    await followed?.stop();
    followed = undefined;
    await cleanup.run();
    await server.deleteDatabase(INSTANCES);
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  async function put(_id: string, fields: object): Promise<string> {
    const document: CouchDocument = { _id, locale: 'en', password_defined: false, ...fields };
    return await server.putDocument(INSTANCES, document);
  }

  it('says nothing before everything was read', async () => {
    followed = follow(server);
    expect(followed.names()).to.equal(undefined);
    await until('all is read', () => followed?.names() !== undefined);
  });

  it('knows who was there, who comes, who changes and who goes', async () => {
    await put('a', { domain: 'a.org' });
    followed = follow(server);
    const { names } = followed;
    await until('what was there is known', () => names()?.owner('a.org') !== undefined);
    const _rev = await put('b', { domain: 'b.org' });
    await until('a new one is known', () => names()?.owner('b.org') !== undefined);
    const next = await put('b', { _rev, domain: 'c.org' });
    await until('its change is known', () => names()?.owner('c.org') !== undefined);
    expect(names()?.owner('b.org')).to.equal(undefined);
    await server.deleteDocument(INSTANCES, 'b', next);
    await until('its end is known', () => names()?.owner('c.org') === undefined);
    expect(idOf(followed, 'a.org')).to.equal('a');
  });

  it('reads more documents than go on a page', async () => {
    const documents = Array.from({ length: 1_001 }, (_, at) => ({ _id: `${at}`, domain: `${at}.org` }));
    await server.bulkInsert(INSTANCES, documents);
    followed = follow(server);
    await until('all is read', () => followed?.names() !== undefined);
    for (const { _id, domain } of documents) expect(idOf(followed, domain)).to.equal(_id);
  });

  it('has no instances where there is no database yet, and those of one that comes', async () => {
    await server.deleteDatabase(INSTANCES);
    followed = follow(server);
    await until('it is known that there is none', () => followed?.names() !== undefined);
    expect(idOf(followed, 'a.org')).to.equal(undefined);
    await server.createDatabase(INSTANCES);
    await put('a', { domain: 'a.org' });
    await until('the first one is known', () => followed !== undefined && idOf(followed, 'a.org') === 'a');
    expect(followed.reports).to.deep.equal([]);
  });

  it('keeps no instance of a database that was made anew', async () => {
    for (const id of ['a', 'b', 'c']) await put(id, { domain: `${id}.org` });
    followed = follow(server);
    const { names } = followed;
    await until('all is read', () => names()?.owner('c.org') !== undefined);
    await server.deleteDatabase(INSTANCES);
    await server.createDatabase(INSTANCES);
    await put('d', { domain: 'd.org' });
    await until('the new one is known', () => names()?.owner('d.org') !== undefined);
    await until('the old ones are not', () => names()?.owner('a.org') === undefined);
    expect(['b.org', 'c.org'].map((name) => names()?.owner(name))).to.deep.equal([undefined, undefined]);
  });

  it('keeps no instance of a database that was made anew and has changed more often by now', async () => {
    await put('a', { domain: 'a.org' });
    // Held back until the other one is there, so that nothing of the change itself is seen.
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isHeld = false;
    followed = follow({
      ...server,
      async awaitChanges(...asked) {
        if (isHeld) await gate;
        return await server.awaitChanges(...asked);
      },
    });
    const { names } = followed;
    await until('all is read', () => names()?.owner('a.org') !== undefined);
    isHeld = true;
    await server.deleteDatabase(INSTANCES);
    // When a database was made is told in seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await server.createDatabase(INSTANCES);
    for (const id of ['d', 'e', 'f']) await put(id, { domain: `${id}.org` });
    isHeld = false;
    open();
    await until('the new ones are known', () => names()?.owner('d.org') !== undefined);
    await until('the old one is not', () => names()?.owner('a.org') === undefined);
  });

  it('reads all again where CouchDB counts other documents than it has told of', async () => {
    await put('a', { domain: 'a.org' });
    let isCountedTwice = false;
    let readings = 0;
    followed = follow({
      ...server,
      async databaseFacts(...asked) {
        const facts = await server.databaseFacts(...asked);
        return isCountedTwice ? { ...facts, documents: facts.documents * 2 } : facts;
      },
      async changes(...asked) {
        readings += 1;
        return await server.changes(...asked);
      },
    });
    await until('all is read', () => readings === 1);
    isCountedTwice = true;
    await until('all is read again', () => readings === 2);
    let looks = 0;
    const before = readings;
    await until('it has looked some more times', async () => {
      looks += 1;
      await put(`look-${looks}`, { domain: 'x.org' });
      return looks > 20;
    });
    // A difference that stays is tolerated; one that grows with each document is another one each time.
    expect(readings - before).to.be.at.most(3);
  });

  it('says nothing while CouchDB is silent, and goes on by itself', async () => {
    await put('a', { domain: 'a.org' });
    const wire = cleanup.add(await openTcpProxy(Number(new URL(couch.url).port)), (each) => each.close());
    const { user, password } = couch;
    const url = `http://${user}:${password}@127.0.0.1:${wire.port}`;
    const options = { url, connections: 4, readTimeout: 1_000 };
    const far = cleanup.add(connectCouch(options), (each) => each.close());
    followed = follow(far);
    const { names, reports } = followed;
    await until('all is read', () => names()?.owner('a.org') !== undefined);
    wire.aim(1);
    wire.silence();
    await until('nothing is said', () => names() === undefined);
    await until('it is reported', () => reports.length > 0);
    wire.aim(Number(new URL(couch.url).port));
    await until('it is known again', () => names()?.owner('a.org') !== undefined);
    expect(reports).to.deep.equal(['lost', 'found']);
  });

  it('takes a database that is there no more for an outage', async () => {
    await put('a', { domain: 'a.org' });
    followed = follow(server);
    const { names, reports } = followed;
    await until('all is read', () => names()?.owner('a.org') !== undefined);
    await server.deleteDatabase(INSTANCES);
    await until('nothing is said', () => names() === undefined);
    expect(reports).to.deep.equal(['lost']);
    await server.createDatabase(INSTANCES);
    await until('it is known that there is none', () => names() !== undefined);
    expect(names()?.owner('a.org')).to.equal(undefined);
  });

  it('ends at once, in the middle of a question', async () => {
    followed = follow(server, { ...QUICK, wait: 60_000 });
    await until('all is read', () => followed?.names() !== undefined);
    const begun = performance.now();
    await followed.stop();
    expect(performance.now() - begun).to.be.below(5_000);
  });
});

describe('following the instances of a quiet fleet', () => {
  let couch: TestCouch;
  let proxy: CountingProxy;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch({ lockout: true });
    proxy = await startCountingProxy(couch.origin);
    const { user, password } = couch;
    server = connectCouch({ url: `http://${user}:${password}@127.0.0.1:${proxy.port}`, connections: 4 });
  });

  after(async () => {
    await server.close();
    await proxy.close();
    await couch.close();
  });

  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  function followQuietly(): Following {
    return cleanup.add(follow(server, FOLLOW_TIMES), (each) => each.stop());
  }

  const requests = () => proxy.count(200) + proxy.count(404);

  it('costs less than half a request a second, logins too, with and without a database', async () => {
    for (const isThere of [false, true]) {
      if (isThere) await server.createDatabase(INSTANCES);
      const followed = followQuietly();
      await until('all is read', () => followed.names() !== undefined);
      const before = requests();
      const begun = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 15_000));
      const seconds = (performance.now() - begun) / 1_000;
      expect((requests() - before) / seconds, isThere ? 'with' : 'without').to.be.below(0.5);
      await followed.stop();
    }
  });

  it('shows a change soon, not when it asks again', async () => {
    const followed = followQuietly();
    await until('all is read', () => followed.names() !== undefined);
    for (const id of ['a', 'b', 'c']) {
      const begun = performance.now();
      await server.putDocument(INSTANCES, { _id: id, domain: `${id}.org` });
      await until('it is seen', () => followed.names()?.owner(`${id}.org`) !== undefined);
      expect(performance.now() - begun, id).to.be.below(FOLLOW_TIMES.wait - 1_000);
    }
  });
});
