import { expect } from 'chai';
import { type CouchServer, connectCouch } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { runDestruction } from '../../../src/workers/destroy/run-destruction.ts';
import type { Services } from '../../../src/workers/stage/services.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { destroyPayload } from '../../support/destroy-attempt.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';

/** Of one that nobody shares anything with: its 16 databases and its document are 17 of them. */
const MOST = 25;

/** Method and path of a reading of one document of `global/instances`. */
const READING = /^GET \/global%2Finstances\/[^_]/;

describe('the requests of a destruction', () => {
  const suite = new Cleanup();
  let test: TestFleet;
  let proxy: CountingProxy;
  let counted: CouchServer;

  before(async () => {
    test = suite.add(await startTestFleet(), (each) => each.close());
    proxy = suite.add(await startCountingProxy(test.couch.origin), (each) => each.close());
    const url = new URL(test.couch.url);
    url.host = `127.0.0.1:${proxy.port}`;
    counted = suite.add(connectCouch({ url: url.href, connections: 16 }), (each) => each.close());
  });

  after(() => suite.run());

  /** With what a worker learns once known. */
  async function learnt(more: Partial<Services> = {}): Promise<Services> {
    const given = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const services = { ...testServices(counted, given), ...more };
    await services.prefixIndex.refresh();
    await services.hasOneCopy();
    await services.hasOneNode(counted);
    return services;
  }

  async function made(name: string): Promise<StoredInstance> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} was not made`);
    return instance;
  }

  /** What is asked while it is destroyed. */
  async function asked(instance: StoredInstance, services: Services): Promise<readonly string[]> {
    const before = proxy.seen.length;
    expect(await runDestruction(loneAttempt(services), destroyPayload(instance))).to.equal('destroyed');
    expect(await test.databases(instance.domain)).to.deep.equal([]);
    return proxy.seen.slice(before);
  }

  it(`are ${MOST} at the most where one node has all documents`, async () => {
    const requests = await asked(await made('few'), await learnt());
    expect(requests.length, requests.join('\n')).to.be.at.most(MOST);
  });

  it('read its document once where one node has all documents', async () => {
    const requests = await asked(await made('read-once'), await learnt());
    expect(requests.filter((each) => READING.test(each))).to.have.length(1);
  });

  it('read its document before each stage that removes where there may be several copies of it', async () => {
    const requests = await asked(await made('read'), await learnt({ hasOneCopy: async () => false }));
    expect(requests.filter((each) => READING.test(each))).to.have.length(3);
  });
});
