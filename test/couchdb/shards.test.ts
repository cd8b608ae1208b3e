import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';
import { createPoolStore, POOL } from '../../src/instances/pool/pool-store.ts';
import { listeningOn } from '../support/listening-on.ts';

describe('shards and copies of new databases', () => {
  let behind: Server;
  let server: CouchServer;
  let made: Map<string, string>;

  before(async () => {
    behind = createServer((request, answer) => {
      const { pathname, search } = new URL(request.url ?? '', 'http://couchdb');
      const isDatabase = request.method === 'PUT' && pathname.split('/').length === 2;
      if (isDatabase) made.set(decodeURIComponent(pathname.slice(1)), search);
      const isThere = made.has(decodeURIComponent(pathname.split('/')[1] ?? ''));
      const refused = { error: 'not_found', reason: 'Database does not exist.' };
      request.resume();
      answer.writeHead(isDatabase ? 201 : isThere ? 400 : 404, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(isDatabase ? { ok: true } : isThere ? { error: 'bad_request' } : refused));
    });
    const port = await listeningOn(behind);
    server = connectCouch({ url: `http://127.0.0.1:${port}`, connections: 1, q: 3, n: 2 });
  });

  beforeEach(() => {
    made = new Map();
  });

  after(async () => {
    await server.close();
    behind.closeAllConnections();
    behind.close();
    await once(behind, 'close');
  });

  it('are those of the configuration for an instance', async () => {
    await server.createDatabase('cozy0/io-cozy-files');
    expect(made.get('cozy0/io-cozy-files')).to.equal('?q=3&n=2');
  });

  it('are as many shards as the server makes by itself for the databases of the platform', async () => {
    await ensureGlobalDatabases(server).catch(() => undefined);
    expect(made.get(INSTANCES)).to.equal('?n=2');
  });

  it('are as many shards as the server makes by itself for the books of the pool', async () => {
    const change = { state: 'filling', cluster: 0, definitions: '', fleet: 'f', job: 'j' } as const;
    await createPoolStore(server)
      .add('x', change)
      .catch(() => undefined);
    expect(made.get(POOL)).to.equal('?n=2');
  });
});
