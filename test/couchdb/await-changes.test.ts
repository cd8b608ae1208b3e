import { expect } from 'chai';
import { CouchError } from '../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { TRANSPORTS } from '../support/transports.ts';

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`changes that are waited for, through ${transport}`, () => {
    const database = `test-await-${process.pid}-${Date.now()}`;
    let couch: TestCouch;
    let proxy: CountingProxy;
    let server: CouchServer;

    before(async () => {
      couch = await startTestCouch();
      proxy = await startCountingProxy(couch.origin);
      const { user, password } = couch;
      server = connectCouch({
        url: `http://${user}:${password}@127.0.0.1:${proxy.port}`,
        connections: 4,
        createTransport,
      });
      await server.createDatabase(database);
    });

    after(async () => {
      await server.deleteDatabase(database);
      await server.close();
      await proxy.close();
      await couch.close();
    });

    async function lastSequence(): Promise<string> {
      return (await server.changes(database, '0', 1_000)).lastSequence;
    }

    it('are answered as soon as there is one', async () => {
      const since = await lastSequence();
      const begun = performance.now();
      const waiting = server.awaitChanges(database, since, 10, 20_000);
      await server.putDocument(database, { _id: 'first', value: 1 });
      const { changes } = await waiting;
      expect(changes.map(({ doc }) => doc)).to.have.nested.property('[0].value', 1);
      expect(performance.now() - begun).to.be.below(10_000);
    });

    it('are answered at once where there were some before', async () => {
      await server.putDocument(database, { _id: 'second' });
      const { changes } = await server.awaitChanges(database, '0', 1, 20_000);
      expect(changes).to.have.length(1);
    });

    it('are none when the time is over', async () => {
      const since = await lastSequence();
      const begun = performance.now();
      const { changes } = await server.awaitChanges(database, since, 10, 1_000);
      expect(changes).to.deep.equal([]);
      expect(performance.now() - begun).to.be.within(900, 5_000);
    });

    it('are given up at once when the caller wants no more', async () => {
      const since = await lastSequence();
      const stop = new AbortController();
      const waiting = thrownBy(server.awaitChanges(database, since, 10, 20_000, stop.signal));
      stop.abort(new Error('enough'));
      expect(await waiting).to.have.property('message', 'enough');
    });

    it('are asked for once, and not again after a failure', async () => {
      const missing = `${database}-none`;
      const before = proxy.count(404);
      const error = await thrownBy(server.awaitChanges(missing, '0', 10, 1_000));
      expect(error).to.be.instanceOf(CouchError).and.include({ status: 404 });
      expect(proxy.count(404) - before).to.equal(1);
    });
  });
}

describe('the facts of a database', () => {
  const database = `test-facts-${process.pid}-${Date.now()}`;
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 4 });
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  it('count the documents that are there, and tell one database from the next of that name', async () => {
    await server.createDatabase(database);
    const _rev = await server.putDocument(database, { _id: 'gone' });
    await server.putDocument(database, { _id: 'here' });
    await server.putDocument(database, { _id: '_design/here' });
    await server.deleteDocument(database, 'gone', _rev);
    const first = await server.databaseFacts(database);
    expect(first.documents).to.equal(2);
    expect(first.madeAt).to.match(/^[1-9]\d+$/);
    await server.deleteDatabase(database);
    // It is told in seconds.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await server.createDatabase(database);
    const second = await server.databaseFacts(database);
    await server.deleteDatabase(database);
    expect(second.documents).to.equal(0);
    expect(second.madeAt).not.to.equal(first.madeAt);
  });
});
