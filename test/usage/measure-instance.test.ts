import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import {
  type MeasuredInstance,
  measureInstance,
  READINGS,
  type Reading,
} from '../../src/usage/measure-instance.ts';
import { judgeMeasures } from '../../src/usage/measured-filter.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { useInstance } from '../support/used-instance.ts';

const LONG_AGO = '2020-01-01T00:00:00Z';
const IDLE = { idleSince: '2022-01-01T00:00:00.000Z' };

describe('measuring an instance', () => {
  let test: TestFleet;
  let proxy: FaultyProxy;
  let server: CouchServer;
  let instance: StoredInstance;

  before(async () => {
    test = await startTestFleet();
    proxy = await startFaultyProxy(test.couch.url);
    server = connectCouch({ url: proxy.url, connections: 8, readTimeout: 2_000 });
    const domain = test.domain('measured');
    await test.ended(await test.submit({ domain, 'disk-quota': '1GB' }));
    await useInstance(test.server, domain, { madeAt: LONG_AGO, logins: [LONG_AGO], files: [5] });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    instance = found;
  });

  after(async () => {
    await server?.close();
    await proxy?.close();
    await test?.close();
  });

  afterEach(() => {
    proxy.rule = () => undefined;
  });

  const servers = () => ({ global: server, cluster: () => server });

  async function measure(...readings: Reading[]): Promise<MeasuredInstance> {
    return await measureInstance(instance, new Set(readings), servers());
  }

  const pathOf = (doctype: string) => encodeURIComponent(databaseName(prefixOf(instance.domain), doctype));

  it('reads no more than is asked for', async () => {
    const before = proxy.seen.length;
    const { measures } = await measure('files');
    expect(measures).to.deep.equal({ files: 1 });
    const asked = proxy.seen.slice(before).filter(({ path }) => path !== '/_session');
    expect(asked.map(({ path }) => path)).to.deep.equal([
      `/${pathOf('io.cozy.files')}/_design/disk-usage/_view/disk-usage?reduce=false&limit=0`,
    ]);
  });

  it('tells what it can where an answer about it comes cut again and again', async () => {
    proxy.rule = ({ path }) => (path.includes('sessions-logins') ? 'cut body' : undefined);
    const { measures, problems } = await measure(...READINGS);
    expect(measures).to.include({ files: 1, diskUsed: 5 });
    expect(measures).not.to.have.property('lastActivity');
    expect(problems.map(({ reading }) => reading)).to.deep.equal(['activity']);
  });

  it('does not take a page of a proxy, or an error, for a figure', async () => {
    for (const fault of ['HTML 200', '503 JSON of another server', 'JSON of another shape'] as const) {
      proxy.rule = ({ path }) => (path.includes('disk-usage') ? fault : undefined);
      const { measures, problems } = await measure('usage', 'files');
      expect(measures, fault).to.deep.equal({});
      expect(
        problems.map(({ reading }) => reading),
        fault,
      ).to.deep.equal(['files', 'usage']);
    }
  });

  it('ends where the server is away', async () => {
    proxy.rule = () => 'reset before';
    expect(await thrownBy(measure('files'))).to.have.property('code', 'couchdb');
  });

  it('is never idle, and meets nothing, where an answer comes cut', async () => {
    expect(await judgeMeasures(IDLE, instance, servers())).to.equal(true);
    for (const doctype of ['io.cozy.sessions.logins', 'io.cozy.oauth.clients', 'io.cozy.files']) {
      proxy.rule = ({ path }) =>
        path.startsWith(`/${pathOf(doctype)}/`) ? 'half a body, said to be whole' : undefined;
      const judgement = await judgeMeasures(IDLE, instance, servers());
      expect(judgement, doctype).to.include({ domain: instance.domain, isFault: true });
    }
  });

  it('is never idle where its root directory does not say when it was made', async () => {
    const files = databaseName(prefixOf(instance.domain), 'io.cozy.files');
    const root = await test.server.getDocument(files, 'io.cozy.files.root-dir');
    if (root === undefined) throw new Error('there is no root');
    await test.server.putDocument(files, { ...root, created_at: 'once' });
    const judgement = await judgeMeasures(IDLE, instance, servers());
    expect(judgement).to.include({ code: 'unmeasured', isFault: true });
  });

  it('knows no share of a quota that is no number', async () => {
    const odd = { ...instance, disk_quota: 'much' };
    const { measures, problems } = await measureInstance(odd, new Set(['usage']), servers());
    expect(measures).to.deep.equal({});
    expect(problems[0]).to.include({ reading: 'usage', code: 'unmeasured' });
    expect(await judgeMeasures({ usedOver: 1 }, odd, servers())).to.include({ isFault: true });
  });

  it('knows no usage where its view cannot add up what it finds', async () => {
    const files = databaseName(prefixOf(instance.domain), 'io.cozy.files');
    const design = await test.server.getDocument(files, '_design/disk-usage');
    if (design === undefined) throw new Error('there is no view');
    const map = 'function (doc) { if (doc.type === "file") emit(doc.dir_id, "much"); }';
    const views = { 'disk-usage': { map, reduce: '_sum' } };
    await test.server.putDocument(files, { ...design, views });
    const { measures, problems } = await measure('usage', 'files');
    expect(measures).to.deep.equal({ files: 1 });
    expect(problems.map(({ reading }) => reading)).to.deep.equal(['usage']);
  });
});
