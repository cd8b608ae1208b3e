import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CouchError } from '../../src/couchdb/errors.ts';
import { PROOF_LIFETIME_MS } from '../../src/couchdb/login-gate.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import {
  FAULTS,
  type Fault,
  type FaultyProxy,
  type Seen,
  startFaultyProxy,
} from '../support/faulty-proxy.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { TRANSPORTS } from '../support/transports.ts';

const prefix = `faults-${process.pid}-${Date.now()}`;
const shared = `${prefix}/shared`;
const nothing = () => Promise.resolve();

interface Read {
  readonly name: string;
  call(server: CouchServer): Promise<unknown>;
}

const READS: readonly Read[] = [
  { name: 'databaseExists', call: (server) => server.databaseExists(shared) },
  { name: 'databaseExists of none', call: (server) => server.databaseExists(`${prefix}/none`) },
  { name: 'listDatabases', call: (server) => server.listDatabases(`${prefix}/shared`) },
  { name: 'listDatabases of none', call: (server) => server.listDatabases(`${prefix}/none`) },
  { name: 'getDocument', call: (server) => server.getDocument(shared, 'tea') },
  { name: 'getDocument of none', call: (server) => server.getDocument(shared, 'nobody') },
  { name: 'view', call: (server) => server.view(shared, 'kinds', 'kinds', { includeDocs: true }) },
  { name: 'viewTotal reduced', call: (server) => server.viewTotal(shared, 'sum', 'reduced') },
  { name: 'viewTotal count', call: (server) => server.viewTotal(shared, 'sum', 'count') },
  {
    name: 'allDocuments',
    call: (server) => server.allDocuments(shared, { includeDocs: true, startKey: 'a', endKey: 'd' }),
  },
  {
    name: 'allDocuments by keys',
    call: (server) => server.allDocuments(shared, { keys: ['tea', 'nobody'] }),
  },
  {
    name: 'find',
    call: (server) => server.find(shared, { selector: { kind: 'hot' }, use_index: 'by-kind' }),
  },
  {
    name: 'changes',
    call: async (server) => (await server.changes(shared, '0', 2)).changes.length,
  },
  {
    name: 'databaseFacts',
    call: async (server) => (await server.databaseFacts(shared)).madeAt,
  },
];

interface Write {
  readonly name: string;
  prepare(server: CouchServer, tag: string): Promise<unknown>;
  call(server: CouchServer, tag: string): Promise<unknown>;
  /** Whether what the call is for is so, as a client without faults sees it. */
  isDone(server: CouchServer, tag: string): Promise<boolean>;
}

const revisions = new Map<string, string>();

const WRITES: readonly Write[] = [
  {
    name: 'createDatabase',
    prepare: nothing,
    call: (server, tag) => server.createDatabase(`${prefix}/made-${tag}`),
    isDone: (server, tag) => server.databaseExists(`${prefix}/made-${tag}`),
  },
  {
    name: 'deleteDatabase',
    prepare: (server, tag) => server.createDatabase(`${prefix}/gone-${tag}`),
    call: (server, tag) => server.deleteDatabase(`${prefix}/gone-${tag}`),
    isDone: async (server, tag) => !(await server.databaseExists(`${prefix}/gone-${tag}`)),
  },
  {
    name: 'bulkInsert',
    prepare: nothing,
    call: (server, tag) => server.bulkInsert(shared, [{ _id: `1-${tag}` }, { _id: `2-${tag}` }]),
    isDone: async (server, tag) => {
      const rows = await server.allDocuments(shared, { keys: [`1-${tag}`, `2-${tag}`] });
      return rows.every(({ error }) => error === undefined);
    },
  },
  {
    name: 'putDocument',
    prepare: nothing,
    call: (server, tag) => server.putDocument(shared, { _id: `put-${tag}` }),
    isDone: async (server, tag) => (await server.getDocument(shared, `put-${tag}`)) !== undefined,
  },
  {
    name: 'deleteDocument',
    prepare: async (server, tag) =>
      revisions.set(tag, await server.putDocument(shared, { _id: `drop-${tag}` })),
    call: (server, tag) => server.deleteDocument(shared, `drop-${tag}`, revisions.get(tag) ?? ''),
    isDone: async (server, tag) => (await server.getDocument(shared, `drop-${tag}`)) === undefined,
  },
  {
    name: 'createIndex',
    prepare: nothing,
    call: (server, tag) => server.createIndex(shared, { ddoc: `index-${tag}`, index: { fields: ['kind'] } }),
    isDone: async (server, tag) => (await server.getDocument(shared, `_design/index-${tag}`)) !== undefined,
  },
];

type End = { readonly value: unknown } | { readonly error: unknown };

async function endOf(work: Promise<unknown>): Promise<End> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

for (const [transport, createTransport] of TRANSPORTS) {
  describe(`a CouchDB behind a proxy that is not to be believed, through ${transport}`, () => {
    let couch: TestCouch;
    let server: CouchServer;
    const proxies = new Map<Fault, { readonly proxy: FaultyProxy; readonly client: CouchServer }>();

    before(async () => {
      couch = await startTestCouch();
      server = connectCouch({ url: couch.url, connections: 8, createTransport });
      await server.createDatabase(shared);
      await server.createIndex(shared, { ddoc: 'by-kind', index: { fields: ['kind'] } });
      const map = 'function (doc) { if (doc.kind) emit(doc.kind); }';
      await server.bulkInsert(shared, [
        { _id: '_design/kinds', language: 'javascript', views: { kinds: { map } } },
        {
          _id: '_design/sum',
          language: 'javascript',
          views: { sum: { map: 'function (doc) { if (doc.kind) emit(doc.kind, 7); }', reduce: '_sum' } },
        },
        { _id: 'tea', kind: 'hot' },
        { _id: 'coffee', kind: 'hot' },
        { _id: 'water', kind: 'cold' },
      ]);
      for (const fault of FAULTS) {
        const proxy = await startFaultyProxy(couch.url);
        const client = connectCouch({
          url: proxy.url,
          connections: READS.length,
          timeout: 1_000,
          readTimeout: 1_000,
          createTransport,
        });
        proxies.set(fault, { proxy, client });
      }
    });

    after(async () => {
      for (const { proxy, client } of proxies.values()) {
        await client.close();
        await proxy.close();
      }
      for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      await server.close();
      await couch.close();
    });

    const isLogin = ({ path }: Seen) => path === '/_session';

    /**
     * Does `work` once behind each fault, all at a time. @param times requests that are met by it, logins aside:
     * they come after each pause
     */
    async function behindEach(
      times: number,
      work: (fault: Fault, client: CouchServer, proxy: FaultyProxy) => Promise<void>,
    ): Promise<void> {
      await Promise.all(
        [...proxies].map(async ([fault, { proxy, client }]) => {
          let left = times;
          proxy.rule = (request) => {
            if (isLogin(request) && Number.isFinite(times)) return undefined;
            left -= 1;
            return left >= 0 ? fault : undefined;
          };
          await work(fault, client, proxy);
          proxy.rule = () => undefined;
        }),
      );
    }

    for (const { name, call } of READS) {
      it(`tells the truth by ${name} when a fault passes`, async () => {
        const truth = await call(server);
        await behindEach(1, async (fault, client) => {
          expect(await endOf(call(client)), fault).to.deep.equal({ value: truth });
        });
      });
    }

    it('says who did not answer when a fault stays, and never answers', async () => {
      await behindEach(Number.POSITIVE_INFINITY, async (fault, client, { host }) => {
        const ends = await Promise.all(READS.map(async ({ call }) => await endOf(call(client))));
        for (const [at, end] of ends.entries()) {
          const where = `${READS[at]?.name}: ${fault}`;
          expect(end, where).to.have.property('error').that.is.instanceOf(CouchError);
          expect(end, where).to.have.nested.property('error.message').that.includes(host);
          expect(end, where).to.have.nested.property('error.status', undefined);
        }
      });
    });

    it('learns nothing from a login that something else answered', async () => {
      await Promise.all(
        [...proxies].map(async ([fault, { proxy, client }]) => {
          proxy.rule = (request) => (isLogin(request) ? fault : undefined);
          await sleep(PROOF_LIFETIME_MS);
          expect(await endOf(client.listDatabases(`${prefix}/`)), fault).to.have.property('value');
          expect(client.nextTry, fault).to.equal(undefined);
          proxy.rule = () => undefined;
        }),
      );
    });

    for (const { name, prepare, call, isDone } of WRITES) {
      it(`sends ${name} once, and says that it is done only when it is`, async () => {
        await behindEach(1, async (fault, client, proxy) => {
          const tag = fault.toLowerCase().replace(/[^a-z0-9]+/g, '-');
          await prepare(server, tag);
          const sentSoFar = () => proxy.seen.filter((request) => !isLogin(request)).length;
          const sent = sentSoFar();
          const end = await endOf(call(client, tag));
          expect(sentSoFar() - sent, fault).to.equal(1);
          if ('value' in end) expect(await isDone(server, tag), fault).to.equal(true);
          else expect(end.error, fault).to.be.instanceOf(CouchError).with.property('status', undefined);
        });
      });
    }
  });
}
