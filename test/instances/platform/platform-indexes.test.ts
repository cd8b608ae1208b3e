import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../../src/instances/platform/global-databases.ts';
import { platformIndexes, watchPlatform } from '../../../src/instances/platform/platform-indexes.ts';
import { BesideStack } from '../../support/beside-stack.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const FRESH = { version: 39, known: 'assumed' };
const OF_38 = { version: 38, known: 'shown' };
const OF_39 = { version: 39, known: 'shown' };

/** Never on a real CouchDB: it has a platform on it already. */
describe('the number that stacks of a platform write', () => {
  let couch: TestCouch;
  let server: CouchServer;

  beforeEach(async () => {
    couch = await startTestCouch({ ownProcess: Boolean(process.env['COUCHDB_URL']) });
    server = connectCouch({ url: couch.url, connections: 4 });
  });

  afterEach(async () => {
    await server.close();
    await couch.close();
  });

  const startStack = (version: 38 | 39) => new BesideStack(server).start(version);
  const found = () => platformIndexes(server, undefined);
  const signs = async () =>
    (await server.allDocuments(INSTANCES, { startKey: '_design/', endKey: '_design0' })).map(({ id }) => id);

  it('is the newest where nothing is', async () => {
    expect(await found()).to.deep.equal(FRESH);
    await server.createDatabase(INSTANCES);
    expect(await found()).to.deep.equal(FRESH);
  });

  it('is what a stack that was here shows', async () => {
    await startStack(38);
    expect(await found()).to.deep.equal(OF_38);
    await startStack(39);
    expect(await found()).to.deep.equal(OF_39);
  });

  it('is 38 where instances are, and nothing of a newer stack', async () => {
    await server.createDatabase(INSTANCES);
    await server.putDocument(INSTANCES, { _id: 'an-instance', domain: 'a.example.org' });
    expect(await found()).to.deep.equal(OF_38);
    await ensureGlobalDatabases(server);
    expect(await found()).to.deep.equal(OF_38);
  });

  it('is not changed by what is made here, however often', async () => {
    await startStack(38);
    await ensureGlobalDatabases(server);
    await ensureGlobalDatabases(server);
    expect(await signs()).to.not.include('_design/by-orgid');
    expect(await found()).to.deep.equal(OF_38);
  });

  it('is only assumed where the sign was made here, a stack or not', async () => {
    await ensureGlobalDatabases(server);
    expect(await signs()).to.include('_design/by-orgid');
    expect(await found()).to.deep.equal(FRESH);
    await startStack(38);
    expect(await found()).to.deep.equal(FRESH);
    await startStack(39);
    expect(await found()).to.deep.equal(FRESH);
  });

  it('is the newest on an empty database that is filled here, until a stack comes', async () => {
    await server.createDatabase(INSTANCES);
    await ensureGlobalDatabases(server);
    expect(await signs())
      .to.include('_design/by-oidcid')
      .and.to.not.include('_design/by-orgid');
    expect(await found()).to.deep.equal(FRESH);
    await startStack(38);
    expect(await found()).to.deep.equal(OF_38);
  });

  it('is what the operator says, without a look', async () => {
    await couch.close();
    expect(await platformIndexes(server, 38)).to.deep.equal({ version: 38, known: 'set' });
  });

  it('is not guessed where CouchDB does not answer', async () => {
    await couch.close();
    expect(await thrownBy(found())).to.include({ code: 'couchdb' });
  });

  it('is not guessed where something in between says that nothing is there', async () => {
    await startStack(38);
    const proxy: CouchServer = {
      ...server,
      allDocuments: () =>
        Promise.reject(
          new CouchError(server.host, 'listing', {
            status: 404,
            error: 'not_found',
            reason: 'no such route',
          }),
        ),
    };
    expect(await thrownBy(platformIndexes(proxy, undefined))).to.include({ code: 'couchdb', status: 404 });
  });

  it('is looked for again after a minute', async () => {
    let time = 0;
    const watch = watchPlatform(server, undefined, () => time);
    await startStack(38);
    expect(await watch.indexes()).to.deep.equal(OF_38);
    await startStack(39);
    time = 59_999;
    expect(await watch.indexes()).to.deep.equal(OF_38);
    time = 60_000;
    expect(await watch.indexes()).to.deep.equal(OF_39);
  });
});
