import { expect } from 'chai';
import { CouchError } from '../../src/couchdb/errors.ts';
import type { LoginBook } from '../../src/couchdb/login-gate.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { TRANSPORTS } from '../support/transports.ts';

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`a CouchDB server, through ${transport}`, () => {
    const prefix = `test-server-${process.pid}-${Date.now()}`;
    const database = `${prefix}/io-cozy-files`;
    let couch: TestCouch;
    let server: CouchServer;

    before(async () => {
      couch = await startTestCouch();
      server = connectCouch({ url: couch.url, connections: 8, createTransport });
      await server.createDatabase(database);
    });

    after(async () => {
      for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      await server.close();
      await couch.close();
    });

    it('names itself by host and port, without credentials', () => {
      expect(server.host).to.equal(new URL(couch.url).host);
    });

    it('creates a database once and then says that it exists', async () => {
      const name = `${prefix}/once`;
      expect(await server.createDatabase(name)).to.equal('created');
      expect(await server.createDatabase(name)).to.equal('exists');
    });

    it('deletes a database once and then says that it is missing', async () => {
      const name = `${prefix}/deleted`;
      await server.createDatabase(name);
      expect(await server.deleteDatabase(name)).to.equal('deleted');
      expect(await server.deleteDatabase(name)).to.equal('missing');
    });

    it('asks a guard when the turn of a deletion has come, and not before', async () => {
      const narrow = connectCouch({ url: couch.url, connections: 1, createTransport });
      const names = ['one', 'two', 'three'].map((each) => `${prefix}/${each}`);
      for (const each of names) await server.createDatabase(each);
      let isHeld = true;
      let asked = 0;
      const guard = (): void => {
        asked += 1;
        if (!isHeld) throw new Error('not ours any more');
        isHeld = false;
      };
      const ends = await Promise.allSettled(
        names.map((each) => narrow.deleteDatabase(each, undefined, guard)),
      );
      await narrow.close();
      expect(ends.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected']);
      expect(asked).to.equal(3);
      expect(await server.listDatabases(`${prefix}/`)).to.include.members(names.slice(1));
      for (const each of names) await server.deleteDatabase(each);
    });

    const WRITES: readonly [
      string,
      (couch: CouchServer, id: string, guard: () => void) => Promise<unknown>,
    ][] = [
      ['a new database', (couch, id, guard) => couch.createDatabase(`${prefix}/${id}`, undefined, { guard })],
      ['a document', (couch, id, guard) => couch.putDocument(database, { _id: id }, undefined, guard)],
      ['a bulk', (couch, id, guard) => couch.bulkInsert(database, [{ _id: id }], undefined, guard)],
      [
        'the deletion of a document',
        (couch, id, guard) => couch.deleteDocument(database, id, '1-a', undefined, guard),
      ],
    ];
    for (const [what, write] of WRITES) {
      it(`does not send ${what} that waited for its turn once its guard throws`, async () => {
        const sent: string[] = [];
        const narrow = connectCouch({
          url: couch.url,
          connections: 1,
          createTransport(options) {
            const transport = createTransport(options);
            return {
              ...transport,
              send(method, path, ...rest) {
                if (path.includes('guarded')) sent.push(path);
                return transport.send(method, path, ...rest);
              },
            };
          },
        });
        const refused = new Error('not ours any more');
        const first = narrow.listDatabases(prefix);
        const error = await thrownBy(
          write(narrow, 'guarded', () => {
            throw refused;
          }),
        );
        await first;
        await narrow.close();
        expect(error).to.equal(refused);
        expect(sent).to.deep.equal([]);
      });
    }

    it('tells whether a database is there', async () => {
      expect(await server.databaseExists(database)).to.equal(true);
      expect(await server.databaseExists(`${prefix}/nowhere`)).to.equal(false);
    });

    it('lists only the databases with the given beginning', async () => {
      const other = `${prefix}0/io-cozy-files`;
      await server.createDatabase(other);
      try {
        const names = await server.listDatabases(`${prefix}/`);
        expect(names).to.include(database).and.not.include(other);
      } finally {
        await server.deleteDatabase(other);
      }
    });

    it('answers undefined for a document that is not there', async () => {
      expect(await server.getDocument(database, 'nobody')).to.equal(undefined);
    });

    it('reads back a document whose id has a slash and letters beyond ASCII', async () => {
      await server.putDocument(database, { _id: 'io.cozy.apps/é', value: 1 });
      expect(await server.getDocument(database, 'io.cozy.apps/é')).to.include({ value: 1 });
    });

    it('reads back a local document', async () => {
      await server.putDocument(database, { _id: '_local/cozy', value: 2 });
      expect(await server.getDocument(database, '_local/cozy')).to.include({ value: 2 });
    });

    it('throws 409 for a document that is there in another revision', async () => {
      await server.putDocument(database, { _id: 'twice' });
      const error = await thrownBy(server.putDocument(database, { _id: 'twice' }));
      expect(error).to.be.instanceOf(CouchError).with.property('status', 409);
    });

    it('answers row by row what became of a bulk of documents', async () => {
      await server.putDocument(database, { _id: 'there' });
      const rows = await server.bulkInsert(database, [{ _id: 'there' }, { _id: 'new' }]);
      expect(rows.map(({ id, error }) => [id, error])).to.deep.equal([
        ['there', 'conflict'],
        ['new', undefined],
      ]);
    });

    it('throws 404 for a bulk into a database that is not there', async () => {
      const error = await thrownBy(server.bulkInsert(`${prefix}/nowhere`, [{ _id: 'a' }]));
      expect(error).to.be.instanceOf(CouchError).with.property('status', 404);
    });

    it('finds documents by an index', async () => {
      await server.createIndex(database, { ddoc: 'by-kind', index: { fields: ['kind'] } });
      await server.bulkInsert(database, [
        { _id: 'k1', kind: 'tea' },
        { _id: 'k2', kind: 'coffee' },
      ]);
      const found = await server.find(database, { selector: { kind: 'tea' }, use_index: 'by-kind' });
      expect(found.map(({ _id }) => _id)).to.deep.equal(['k1']);
    });

    it('never names a password in what it throws', async () => {
      const away = connectCouch({
        url: 'http://admin:topsecret@127.0.0.1:9',
        connections: 1,
        createTransport,
      });
      try {
        const errors = [await thrownBy(away.createDatabase('a')), await thrownBy(away.getDocument('a', 'b'))];
        expect(JSON.stringify(errors) + errors.join()).not.to.contain('topsecret');
      } finally {
        await away.close();
      }
    });

    it('throws without a status when nobody answers', async () => {
      const away = connectCouch({ url: 'http://127.0.0.1:9', connections: 1, createTransport });
      try {
        expect(await thrownBy(away.createDatabase('a'))).to.have.property('status', undefined);
        expect(await thrownBy(away.getDocument('a', 'b'))).to.have.property('status', undefined);
      } finally {
        await away.close();
      }
    });

    it("throws the signal's own reason when it is aborted", async () => {
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      expect(await thrownBy(server.createDatabase(`${prefix}/never`, signal))).to.equal(reason);
      expect(await thrownBy(server.getDocument(database, 'a', signal))).to.equal(reason);
    });

    it('says that it is up, and that our credentials work', async () => {
      expect(await server.health()).to.deep.equal({ state: 'up' });
      expect(await server.isAuthorized()).to.equal(true);
    });

    it('logs in ahead, so that the request that comes then waits for no login', async () => {
      let asked = 0;
      const book: LoginBook = {
        async ask() {
          asked += 1;
          return { state: 'try' };
        },
        tell: async () => undefined,
        wasRefused: async () => 0,
      };
      const early = connectCouch({ url: couch.url, connections: 1, createTransport, bookAt: () => book });
      try {
        await early.logInAhead();
        expect(asked).to.equal(1);
        expect(await early.databaseExists(database)).to.equal(true);
        expect(asked).to.equal(1);
      } finally {
        await early.close();
      }
    });

    it('leaves a failure of a login ahead to the request that comes then', async () => {
      const away = connectCouch({ url: 'http://127.0.0.1:9', connections: 1, createTransport });
      try {
        await away.logInAhead();
        expect(await thrownBy(away.createDatabase('a'))).to.have.property('status', undefined);
      } finally {
        await away.close();
      }
    });

    it('says that a server that is away is neither up nor open to us', async () => {
      const away = connectCouch({ url: 'http://127.0.0.1:9', connections: 1, createTransport });
      try {
        expect((await away.health()).state).to.equal('silent');
        expect(await away.isAuthorized()).to.equal(false);
      } finally {
        await away.close();
      }
    });
  });
}
