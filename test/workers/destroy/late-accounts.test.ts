import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES, readInstance } from '../../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../../src/instances/platform/global-databases.ts';
import type { DestroyPayload } from '../../../src/jobs/kinds/destroy.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { runDestruction } from '../../../src/workers/destroy/run-destruction.ts';
import type { StageObserver } from '../../../src/workers/stage/pipeline.ts';
import type { Services } from '../../../src/workers/stage/services.ts';
import { startTestStack, type TestStack } from '../../stack/fixture.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { destroyPayload } from '../../support/destroy-attempt.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const SECRETS = { cli_secret: 'AAAA', session_secret: 'BBBB', oauth_secret: 'CCCC' };

describe('an account that is made while an instance is marked for its destruction', () => {
  const suite = new Cleanup();
  let stack: TestStack;
  let root: string;
  let instance: StoredInstance;

  before(async () => {
    stack = suite.add(await startTestStack(), (each) => each.close());
    await ensureGlobalDatabases(stack.server);
    root = suite.add(await temporaryDirectory('late-accounts'), (each) => each.remove()).path;
  });

  after(() => suite.run());

  beforeEach(async () => {
    const domain = `late-${randomBytes(4).toString('hex')}.example.org`;
    const prefix = prefixOf(domain);
    const document = { _id: randomBytes(16).toString('hex'), domain, prefix, locale: 'en', ...SECRETS };
    const _rev = await stack.server.putDocument(INSTANCES, document);
    instance = { ...document, password_defined: true, _rev };
    for (const doctype of ['io.cozy.files', 'io.cozy.jobs']) await stack.fill({ domain, prefix }, doctype);
  });

  afterEach(async () => {
    const left = await readInstance(stack.server, instance._id);
    if (left !== undefined) await stack.server.deleteDocument(INSTANCES, left._id, left._rev);
    for (const name of await databases()) await stack.server.deleteDatabase(name);
  });

  const databases = () => stack.server.listDatabases(`${instance.prefix}/`);

  /** The instance as it was each time that a konnector was given a job. */
  let whenTold: (StoredInstance | undefined)[] = [];

  /** A CouchDB on which the owner makes an account right before the instance is written the first time. */
  function server(): CouchServer {
    const { domain, prefix = '' } = instance;
    let isFirst = true;
    whenTold = [];
    return {
      ...stack.server,
      async putDocument(database, document, signal) {
        if (database === INSTANCES && isFirst) {
          isFirst = false;
          const manifest = { _id: 'io.cozy.konnectors/edf', slug: 'edf', on_delete_account: 'x.js' };
          await stack.fill({ domain, prefix }, 'io.cozy.konnectors', [manifest]);
          await stack.fill({ domain, prefix }, 'io.cozy.accounts', [{ _id: 'a', account_type: 'edf' }]);
        }
        if (database === databaseName(prefix, 'io.cozy.jobs')) {
          whenTold.push(await readInstance(stack.server, instance._id));
        }
        return await stack.server.putDocument(database, document, signal);
      },
    };
  }

  function destroy(more: { services?: Partial<Services>; payload?: Partial<DestroyPayload> } = {}) {
    const couch = server();
    const places = { storage: fileStorage(root), designs: createDesignSource() };
    const services = { ...testServices(couch, places), ...more.services };
    return runDestruction(loneAttempt(services), destroyPayload(instance, more.payload));
  }

  for (const [where, hasOneCopy] of [
    ['one node has all', true],
    ['several nodes have copies', false],
  ] as const) {
    it(`is told of where ${where}, by a konnector that is let in as before`, async () => {
      const konnectors = stack.startKonnectors('done');
      try {
        const beside = { jobs: stack.jobs, lock: undefined, close: () => undefined };
        const services = { stack: beside, hasOneCopy: async () => hasOneCopy };
        expect(await destroy({ services })).to.equal('destroyed');
      } finally {
        await konnectors.stop();
      }
      expect(konnectors.taken).to.have.length(1);
      const { session_secret, oauth_secret } = SECRETS;
      expect(whenTold).to.have.length(1);
      expect(whenTold[0]).to.include({ deleting: true, session_secret, oauth_secret });
      expect(whenTold[0]).to.not.have.property('blocked');
      expect(await databases()).to.deep.equal([]);
    });
  }

  it('is told of where each document has one copy, but the list came from a node that lags behind others', async () => {
    const konnectors = stack.startKonnectors('done');
    const couch = server();
    const member = (id: number) => `couchdb@node${id}.example.org`;
    const names = [member(1), member(2)];
    const lagging: CouchServer = {
      ...couch,
      listDatabases: async (start, signal) =>
        (await couch.listDatabases(start, signal)).filter((name) => !name.includes('io-cozy-accounts')),
      async ask(path, expected, signal) {
        if (path !== '/_membership') return await couch.ask(path, expected, signal);
        return expected.schema.parse({ all_nodes: names, cluster_nodes: names });
      },
    };
    const beside = { jobs: stack.jobs, lock: undefined, close: () => undefined };
    const places = { storage: fileStorage(root), designs: createDesignSource() };
    const services = { ...testServices(lagging, places), stack: beside, hasOneCopy: async () => true };
    try {
      expect(await runDestruction(loneAttempt(services), destroyPayload(instance))).to.equal('destroyed');
    } finally {
      await konnectors.stop();
    }
    expect(konnectors.taken).to.have.length(1);
  });

  describe('whose worker dies', () => {
    /** An attempt that ends at once where it is told to, and then another one, which goes on from what it recorded. */
    async function inTwoAttempts(couch: CouchServer, observer: StageObserver = {}): Promise<unknown> {
      const beside = { jobs: stack.jobs, lock: undefined, close: () => undefined };
      const places = { storage: fileStorage(root), designs: createDesignSource() };
      const services = { ...testServices(couch, places), stack: beside };
      const killed = loneAttempt(services, { observer });
      expect(await thrownBy(runDestruction(killed, destroyPayload(instance)))).to.equal(DEATH);
      return await runDestruction(loneAttempt(services, {}, killed.progress()), destroyPayload(instance));
    }

    const DEATH = new Error('the worker is dead');

    function die(): never {
      throw DEATH;
    }

    /** What each write of the instance's document made of it. */
    function watched(couch: CouchServer): { readonly couch: CouchServer; readonly states: string[] } {
      const states: string[] = [];
      async function putDocument(database: string, document: CouchDocument, signal?: AbortSignal) {
        const rev = await couch.putDocument(database, document, signal);
        if (database === INSTANCES) states.push(document['blocked'] === true ? 'shut' : 'open');
        return rev;
      }
      return { couch: { ...couch, putDocument }, states };
    }

    it('before it has looked again is told of by the next one, by a konnector that is let in', async () => {
      const konnectors = stack.startKonnectors('done');
      const { couch, states } = watched(server());
      try {
        const before = (stage: string) => stage === 'databases' && die();
        expect(await inTwoAttempts(couch, { before: (stage) => void before(stage) })).to.equal('destroyed');
      } finally {
        await konnectors.stop();
      }
      expect(konnectors.taken).to.have.length(1);
      expect(whenTold[0]).to.include({ deleting: true });
      expect(whenTold[0]).to.not.have.property('blocked');
      expect(states).to.deep.equal(['shut', 'open', 'shut']);
      expect(await databases()).to.deep.equal([]);
    });

    it('while it is open for konnectors is told of by the next one, and shut before anything goes', async () => {
      const konnectors = stack.startKonnectors('done');
      const { couch, states } = watched(server());
      let isFirst = true;
      const dying: CouchServer = {
        ...couch,
        async putDocument(database, document, signal) {
          const isTelling = database === databaseName(instance.prefix ?? '', 'io.cozy.jobs');
          if (isTelling && isFirst) {
            isFirst = false;
            die();
          }
          return await couch.putDocument(database, document, signal);
        },
        async deleteDatabase(name, signal, guard) {
          if (name.startsWith(`${instance.prefix}/`)) expect(states.at(-1)).to.equal('shut');
          return await couch.deleteDatabase(name, signal, guard);
        },
      };
      try {
        expect(await inTwoAttempts(dying)).to.equal('destroyed');
      } finally {
        await konnectors.stop();
      }
      expect(konnectors.taken).to.have.length(1);
      expect(states).to.deep.equal(['shut', 'open', 'shut']);
    });

    it('when all was told of is not opened again', async () => {
      const konnectors = stack.startKonnectors('done');
      const { couch, states } = watched(server());
      let isFirst = true;
      const dying: CouchServer = {
        ...couch,
        async deleteDatabase(name, signal, guard) {
          if (isFirst) {
            isFirst = false;
            die();
          }
          return await couch.deleteDatabase(name, signal, guard);
        },
      };
      try {
        expect(await inTwoAttempts(dying)).to.equal('destroyed');
      } finally {
        await konnectors.stop();
      }
      expect(states.slice(0, 3)).to.deep.equal(['shut', 'open', 'shut']);
      expect(states.slice(3)).to.not.include('open');
      expect(konnectors.taken).to.have.length(1);
    });
  });

  it('keeps the databases where no stack can tell of it', async () => {
    const before = await databases();
    expect(await thrownBy(destroy())).to.have.property('code', 'accounts');
    expect(await databases()).to.include.members(before);
  });

  it('goes with the instance where the operator leaves it to its provider', async () => {
    expect(await destroy({ payload: { skipAccounts: true } })).to.equal('destroyed');
    expect(await databases()).to.deep.equal([]);
  });
});
