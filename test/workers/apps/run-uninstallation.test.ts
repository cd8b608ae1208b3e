import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { UninstallAppsPayload } from '../../../src/jobs/kinds/uninstall-apps.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { runUninstallation } from '../../../src/workers/apps/run-uninstallation.ts';
import { startAppRegistry } from '../../support/app-registry.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

describe('an uninstallation in several attempts', () => {
  const suite = new Cleanup();
  let test: TestFleet;

  before(async () => {
    const registry = suite.add(await startAppRegistry(), (each) => each.close());
    test = suite.add(
      await startTestFleet({
        configure: (config) => ({ ...config, registries: { default: [registry.url] } }),
      }),
      (each) => each.close(),
    );
  });

  after(() => suite.run());

  const DEATH = new Error('the worker is dead');

  /** An instance with the sample, and an order to uninstall it. */
  async function ordered(name: string): Promise<UninstallAppsPayload> {
    const { domain } = await test.create({ domain: test.domain(name), apps: 'agenda' });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} was not made`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const about = { v: 1, kind: 'uninstall-apps', domain, seen } as const;
    return { ...about, apps: ['agenda'], purgeCode: false, generation: 0, tries: 1 };
  }

  function attempt(before?: Progress, server: CouchServer = test.server) {
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    return loneAttempt(testServices(server, places), {}, before);
  }

  /** What is recorded of an attempt that dies once it has deleted a document of that doctype. */
  async function killed(order: UninstallAppsPayload, doctype: string): Promise<Progress> {
    const database = databaseName(prefixOf(order.domain), doctype);
    const dying = attempt(undefined, {
      ...test.server,
      async deleteDocument(name, ...rest) {
        await test.server.deleteDocument(name, ...rest);
        if (name === database) throw DEATH;
      },
    });
    expect(await thrownBy(runUninstallation(dying, order))).to.equal(DEATH);
    return dying.progress();
  }

  async function isInstalled({ domain }: UninstallAppsPayload): Promise<boolean> {
    const documents = await test.documents(domain, 'io.cozy.apps');
    return documents.some(({ _id }) => _id === 'io.cozy.apps/agenda');
  }

  it('came to what it came to where the worker died before it could tell', async () => {
    const order = await ordered('told');
    const first = attempt();
    expect(await runUninstallation(first, order)).to.equal('uninstalled');
    expect(await runUninstallation(attempt(first.progress()), order)).to.equal('uninstalled');
  });

  it('counts what an attempt has removed that died, though the next one failed', async () => {
    const order = await ordered('failed');
    const before = await killed(order, 'io.cozy.apps');
    const database = databaseName(prefixOf(order.domain), 'io.cozy.apps');
    const failing = attempt(before, {
      ...test.server,
      async getDocument(name, ...rest) {
        if (name === database)
          throw new CouchError('couch', 'reading', { status: 400, error: 'bad_request', reason: '' });
        return await test.server.getDocument(name, ...rest);
      },
    });
    const failure = await thrownBy(runUninstallation(failing, order));
    expect(failure).to.have.property('code', 'apps_not_uninstalled');
    const again = { ...order, generation: 1 };
    expect(await runUninstallation(attempt(failing.progress()), again)).to.equal('uninstalled');
  });

  it('leaves an application there that its owner has put back, when it is tried again', async () => {
    const order = await ordered('back');
    const first = attempt();
    await runUninstallation(first, order);
    await test.create({ domain: order.domain, apps: 'agenda' });
    expect(await isInstalled(order)).to.equal(true);
    const again = { ...order, generation: 1 };
    expect(await runUninstallation(attempt(first.progress()), again)).to.equal('uninstalled');
    expect(await isInstalled(order)).to.equal(true);
  });

  it('is finished where it has begun, though an OAuth client uses the application by then', async () => {
    const order = await ordered('linked');
    const before = await killed(order, 'io.cozy.permissions');
    const clients = databaseName(prefixOf(order.domain), 'io.cozy.oauth.clients');
    await test.server.createDatabase(clients);
    await test.server.putDocument(clients, { _id: 'phone', software_id: 'registry://agenda' });
    expect(await runUninstallation(attempt(before), order)).to.equal('uninstalled');
    expect(await isInstalled(order)).to.equal(false);
  });
});
