import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type AppStore, createAppStore } from '../../../src/apps/app-store.ts';
import { createAppHttp } from '../../../src/apps/fetch/http.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstallAppsPayload } from '../../../src/jobs/kinds/install-apps.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { runInstallation } from '../../../src/workers/apps/run-installation.ts';
import { LOCAL } from '../../apps/local-hosts.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const AGENDA = `file://${fileURLToPath(new URL('../../golden/apps/agenda.tgz', import.meta.url))}`;

describe('what an installation says that it came to', () => {
  const suite = new Cleanup();
  let test: TestFleet;
  let apps: AppStore;
  let storage: Storage;

  before(async () => {
    test = suite.add(await startTestFleet(), (each) => each.close());
    const cache = suite.add(await temporaryDirectory('installation'), (each) => each.remove());
    const http = suite.add(createAppHttp(LOCAL), (each) => each.close());
    const directory = join(cache.path, 'cache');
    apps = suite.add(createAppStore({ directory, http, hosts: LOCAL }), (each) => each.close());
    storage = fileStorage(test.storageRoot);
  });

  after(() => suite.run());

  const DEATH = new Error('the worker is dead');

  function die(): never {
    throw DEATH;
  }

  async function ordered(name: string): Promise<InstallAppsPayload> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} was not made`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    return { v: 1, kind: 'install-apps', domain, seen, apps: [AGENDA], generation: 0, tries: 1 };
  }

  interface Given {
    readonly storage?: Storage;
    readonly server?: CouchServer;
    readonly before?: Progress;
  }

  function attempt(given: Given = {}) {
    const places = { storage: given.storage ?? storage, designs: createDesignSource() };
    const services = { ...testServices(given.server ?? test.server, places), apps };
    return loneAttempt(services, {}, given.before);
  }

  async function killed(order: InstallAppsPayload, given: Given): Promise<Progress> {
    const dying = attempt(given);
    expect(await thrownBy(runInstallation(dying, order))).to.equal(DEATH);
    return dying.progress();
  }

  it('counts what an attempt has installed that died before it could note it', async () => {
    const order = await ordered('installed');
    const database = databaseName(prefixOf(order.domain), 'io.cozy.apps');
    const server: CouchServer = {
      ...test.server,
      async putDocument(name, document, signal) {
        const rev = await test.server.putDocument(name, document, signal);
        return name === database ? die() : rev;
      },
    };
    const before = await killed(order, { server });
    const next = attempt({ before });
    expect(await runInstallation(next, order)).to.equal('installed');
    expect(next.progress().apps).to.have.nested.property('[0].state', 'installed');
  });

  it('is what it was where the worker died before it could tell', async () => {
    const order = await ordered('told');
    const first = attempt();
    expect(await runInstallation(first, order)).to.equal('installed');
    expect(await runInstallation(attempt({ before: first.progress() }), order)).to.equal('installed');
  });

  it('is nothing where the application was there already when each attempt looked', async () => {
    const order = await ordered('present');
    expect(await runInstallation(attempt(), order)).to.equal('installed');
    const other = attempt();
    expect(await runInstallation(other, order)).to.equal('present');
    expect(await runInstallation(attempt({ before: other.progress() }), order)).to.equal('present');
  });
});
