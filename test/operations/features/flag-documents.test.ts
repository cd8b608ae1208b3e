import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import {
  changeFlags,
  FLAGS_DATABASE,
  flagDocumentId,
  readFlags,
  readSharedFlags,
} from '../../../src/operations/features/flag-documents.ts';
import { startTestCouch, type TestCouch } from '../../support/servers.ts';

describe('documents of flags', () => {
  let couch: TestCouch;
  let server: CouchServer;

  before(async () => {
    couch = await startTestCouch();
    server = connectCouch({ url: couch.url, connections: 4 });
    await server.deleteDatabase(FLAGS_DATABASE);
  });

  after(async () => {
    await server.deleteDatabase(FLAGS_DATABASE);
    await server.close();
    await couch.close();
  });

  it('are empty where there is no database, and none is made to take a flag away', async () => {
    expect(await readFlags(server, 'defaults')).to.deep.equal({});
    expect((await readSharedFlags(server, {})).ofContext('beta')).to.equal(undefined);
    expect(await changeFlags(server, 'defaults', { gone: null })).to.deep.equal({
      outcome: 'unchanged',
      flags: {},
    });
    expect(await server.databaseExists(FLAGS_DATABASE)).to.equal(false);
  });

  it('come with the first flag', async () => {
    const made = await changeFlags(server, 'defaults', { a: true, gone: null });
    expect(made).to.deep.equal({ outcome: 'modified', flags: { a: true } });
    expect(await readFlags(server, 'defaults')).to.deep.equal({ a: true });
  });

  it('are merged, and not written where nothing changes', async () => {
    await changeFlags(server, 'defaults', { a: null, b: { x: 1 }, c: 0 });
    const before = await server.getDocument(FLAGS_DATABASE, flagDocumentId('defaults'));
    expect(before)
      .to.deep.include({ b: { x: 1 }, c: 0 })
      .and.not.to.have.property('a');
    const again = await changeFlags(server, 'defaults', { b: { x: 1 }, a: null });
    expect(again).to.deep.equal({ outcome: 'unchanged', flags: { b: { x: 1 }, c: 0 } });
    const after = await server.getDocument(FLAGS_DATABASE, flagDocumentId('defaults'));
    expect(after?._rev).to.equal(before?._rev);
  });

  it('lose nothing to others who change them at the same time', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `flag${at}`);
    await Promise.all(names.map((name) => changeFlags(server, { context: 'busy' }, { [name]: [] })));
    expect(await readFlags(server, { context: 'busy' })).to.have.all.keys(names);
  });

  it('are told apart by context, whatever it is called', async () => {
    const names = ['beta', 'beta.x', 'b/c', 'é', '~'];
    for (const context of names) await changeFlags(server, { context }, { own: context });
    const shared = await readSharedFlags(server, {});
    for (const context of names) expect(shared.ofContext(context)).to.deep.equal({ own: context });
    expect(shared.ofContext('bet')).to.equal(undefined);
    expect(shared.defaults).to.deep.equal({ b: { x: 1 }, c: 0 });
  });
});
