import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { Signal } from '../../support/chaos-signal.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const { signal } = new AbortController();

describe('the definitions of a server', () => {
  let couch: TestCouch;
  let server: CouchServer;
  /** Reads that have begun. */
  let reads: number;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 4 });
  });

  after(async () => {
    await server.close();
    await couch.close();
  });

  beforeEach(() => {
    reads = 0;
  });

  /** The server, which answers the first question of a read after that. */
  const answering = (first: () => Promise<void>): CouchServer => ({
    ...server,
    async listDatabases(...question) {
      reads += 1;
      await first();
      return await server.listDatabases(...question);
    },
  });

  it('are waited for no longer by who gives up, and read for the others', async () => {
    const isRead = new Signal<void>();
    const slow = answering(() => isRead.given);
    const designs = createDesignSource();
    const gaveUp = new AbortController();
    const one = thrownBy(designs.of(slow, gaveUp.signal));
    const other = designs.of(slow, signal);
    gaveUp.abort(new Error('not wanted any more'));
    expect(await one).to.have.property('message', 'not wanted any more');
    isRead.give();
    expect((await other).size).to.be.greaterThan(0);
    expect(reads).to.equal(1);
  });

  it('leave nothing on the signal of who waited for them', async () => {
    const waiting = new AbortController();
    await createDesignSource().of(server, waiting.signal);
    expect(getEventListeners(waiting.signal, 'abort')).to.deep.equal([]);
  });

  it('are read anew after a failure of which only he would have heard who had given up', async () => {
    const isAway = new Signal<void>();
    const failing = answering(async () => {
      await isAway.given;
      throw new Error('away');
    });
    const designs = createDesignSource();
    const gaveUp = new AbortController();
    const one = thrownBy(designs.of(failing, gaveUp.signal));
    gaveUp.abort(new Error('not wanted any more'));
    isAway.give();
    await one;
    await new Promise((resolve) => setImmediate(resolve));
    await thrownBy(designs.of(failing, signal));
    expect(reads).to.equal(2);
  });
});
