import { expect } from 'chai';
import { DatabasePool } from '../../../src/embedded/couchdb/database-pool.ts';
import { loadEngine } from '../../../src/embedded/couchdb/engine.ts';
import { type EmbeddedCouch, startEmbeddedCouch } from '../../../src/embedded/couchdb/server.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { basic, request } from './couch-request.ts';

const LIMIT = 6;
const VIEW = { views: { v: { map: 'function(doc) { emit(doc.n); }' } } };

describe('embedded CouchDB: open databases', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('couch-handles');
  });

  afterEach(() => directory.remove());

  describe('on a server', () => {
    let couch: EmbeddedCouch;

    beforeEach(async () => {
      const options = { port: 0, dataDir: directory.path, user: 'u', password: 'p', openLimit: LIMIT };
      couch = await startEmbeddedCouch(options);
    });

    afterEach(() => couch.close());

    const send = (method: string, path: string, body?: unknown) =>
      request({ origin: couch.url, authorization: basic('u', 'p') }, method, path, body);

    it('are closed, with their views, when there are too many', async () => {
      for (let n = 0; n < 30; n += 1) {
        await send('PUT', `d${n}`);
        await send('POST', `d${n}/_bulk_docs`, {
          docs: [
            { _id: '_design/d', ...VIEW },
            { _id: 'x', n },
          ],
        });
        await send('GET', `d${n}/_design/d/_view/v`);
      }
      await until('few are open', () => couch.openCount <= LIMIT);
    });

    it('lose nothing by being closed', async () => {
      const numbers = Array.from({ length: 30 }, (_, n) => n);
      await Promise.all(numbers.map((n) => send('PUT', `d${n}`)));
      await Promise.all(numbers.map((n) => send('PUT', `d${n}/x`, { n })));
      await Promise.all(numbers.map((n) => send('PUT', `d${n}/_design/d`, VIEW)));
      const found = await Promise.all(numbers.map((n) => send('GET', `d${n}/_design/d/_view/v?key=${n}`)));
      for (const { body } of found) expect(body).to.have.nested.property('rows[0].id', 'x');
    });

    it('are not opened by being made', async () => {
      for (let n = 0; n < 10; n += 1) await send('PUT', `d${n}`);
      expect(couch.openCount).to.equal(0);
    });
  });

  it('stay open while in use', async () => {
    const handles = new DatabasePool((await loadEngine()).Pouch, 1);
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const busy = handles.use(`${directory.path}/busy`, async (pouch) => {
      await released;
      return await pouch.info();
    });
    for (const name of ['a', 'b', 'c']) {
      await handles.use(`${directory.path}/${name}`, (pouch) => pouch.info());
    }
    release();
    expect(await busy).to.include({ doc_count: 0 });
    await handles.closeAll();
  });
});
