import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { z } from 'zod';
import { startEmbeddedCouch } from '../../../src/embedded/couchdb/server.ts';
import { FleetError } from '../../../src/errors.ts';
import { ownModule } from '../../support/own-process.ts';
import { startTestCouch } from '../../support/servers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { basic, request } from './couch-request.ts';

const MAIN = ownModule('../../../src/embedded/couchdb/main', import.meta.url);
const CREDENTIALS = { user: 'admin', password: 'secret' };
const authorization = basic('admin', 'secret');

const changes = z.object({ results: z.array(z.object({ id: z.string() })), last_seq: z.string() });

describe('embedded CouchDB: its life', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('couch-life');
  });

  afterEach(() => directory.remove());

  const start = (port = 0) => startEmbeddedCouch({ port, dataDir: directory.path, ...CREDENTIALS });

  it('keeps databases, documents and security from one run to the next', async () => {
    const first = await start();
    const before = { origin: first.url, authorization };
    await request(before, 'PUT', 'a%2Fb');
    await request(before, 'PUT', 'a%2Fb/doc', { n: 1 });
    await request(before, 'PUT', 'a%2Fb/_security', { admins: { names: ['x'] } });
    await first.close();
    const second = await start();
    const after = { origin: second.url, authorization };
    expect((await request(after, 'GET', '_all_dbs')).body).to.deep.equal(['a/b']);
    expect((await request(after, 'GET', 'a%2Fb/doc')).body).to.include({ n: 1 });
    expect((await request(after, 'GET', 'a%2Fb/_security')).body).to.deep.equal({ admins: { names: ['x'] } });
    await second.close();
  });

  it('makes a database anew while it is being deleted', async () => {
    const couch = await start();
    const at = { origin: couch.url, authorization };
    await request(at, 'PUT', 'db');
    await request(at, 'PUT', 'db/doc', {});
    const [deleted, made] = await Promise.all([request(at, 'DELETE', 'db'), request(at, 'PUT', 'db')]);
    expect([deleted.status, made.status]).to.deep.equal([200, 201]);
    expect((await request(at, 'GET', 'db/doc')).status).to.equal(404);
    await couch.close();
  });

  it('ends long polls when it closes', async () => {
    const couch = await start();
    const at = { origin: couch.url, authorization };
    await request(at, 'PUT', 'db');
    const polled = request(at, 'GET', 'db/_changes?feed=longpoll&since=now').catch(() => undefined);
    await request(at, 'GET', 'db');
    await couch.close();
    await polled;
  });

  it('ends long polls when the database is deleted', async () => {
    const couch = await start();
    const at = { origin: couch.url, authorization };
    await request(at, 'PUT', 'db');
    const polled = request(at, 'GET', 'db/_changes?feed=longpoll&since=now');
    await request(at, 'GET', 'db');
    await request(at, 'DELETE', 'db');
    expect([200, 404]).to.include((await polled).status);
    await couch.close();
  });

  it('tells all changes again to whoever knows an earlier database of that name', async () => {
    const couch = await start();
    const at = { origin: couch.url, authorization };
    await request(at, 'PUT', 'db');
    for (const id of ['one', 'two', 'three']) await request(at, 'PUT', `db/${id}`, {});
    const before = changes.parse((await request(at, 'GET', 'db/_changes')).body);
    await request(at, 'DELETE', 'db');
    await request(at, 'PUT', 'db');
    await request(at, 'PUT', 'db/other', {});
    const { body } = await request(at, 'GET', `db/_changes?since=${before.last_seq}`);
    const after = changes.parse(body);
    expect(after.results.map(({ id }) => id)).to.deep.equal(['other']);
    expect(after.last_seq).to.match(/^1-/);
    await couch.close();
  });

  it('says so when its port is taken', async () => {
    const couch = await start();
    const failure = await start(couch.port).catch((error: unknown) => error);
    await couch.close();
    expect(failure).to.be.instanceOf(FleetError).and.include({ code: 'couch_cannot_listen' });
  });

  it('comes back on its port with its data', async () => {
    const couch = await startTestCouch({ ownProcess: true });
    await request(couch, 'PUT', 'db');
    await couch.stop();
    await couch.start();
    expect((await request(couch, 'GET', 'db')).status).to.equal(200);
    await couch.close();
  });

  it('keeps its password out of the process list', async function () {
    if (process.platform !== 'linux') this.skip();
    const couch = await startTestCouch({ ownProcess: true });
    const command = await readFile(`/proc/${couch.pid}/cmdline`, 'utf8');
    await couch.close();
    expect(command).to.include(MAIN.file).and.not.include(couch.password);
  });

  describe('as a process', () => {
    const spawnMain = async () => {
      const child = fork(MAIN.file, [], {
        execArgv: [...MAIN.execArgv],
        env: {
          ...process.env,
          FLEET_COUCH_PORT: '0',
          FLEET_COUCH_DIR: directory.path,
          FLEET_COUCH_USER: 'admin',
          FLEET_COUCH_PASSWORD: 'secret',
        },
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      });
      let printed = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
      await until('it is ready', () => printed.endsWith('\n'));
      return { child, printed };
    };

    it('prints one line, without credentials', async () => {
      const { child, printed } = await spawnMain();
      child.kill();
      await once(child, 'exit');
      expect(printed).to.match(/^ready http:\/\/127\.0\.0\.1:\d+\n$/);
    });

    it('ends well on SIGTERM', async () => {
      const { child } = await spawnMain();
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).to.deep.equal([0, null]);
    });

    it('ends when its parent has gone', async () => {
      const { child } = await spawnMain();
      child.disconnect();
      expect(await once(child, 'exit')).to.deep.equal([0, null]);
    });
  });
});
