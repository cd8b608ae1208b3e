import { randomBytes } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createAppStore } from '../../../src/apps/app-store.ts';
import { createAppHttp } from '../../../src/apps/fetch/http.ts';
import { CouchError } from '../../../src/couchdb/errors.ts';
import type { CouchServer } from '../../../src/couchdb/server.ts';
import { createDesignSource } from '../../../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { UpdateAppsPayload } from '../../../src/jobs/kinds/update-apps.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { runUpdate } from '../../../src/workers/apps/run-update.ts';
import { LOCAL } from '../../apps/local-hosts.ts';
import { notFound, type Route, status } from '../../apps/registry-server.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { loneAttempt } from '../../support/lone-attempt.ts';
import { publishApp } from '../../support/publish-app.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { testServices } from '../../support/test-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

const RULES = { files: { type: 'io.cozy.files', verbs: ['GET'] } };
const OTHER_RULES = { files: { type: 'io.cozy.files', verbs: ['POST'] } };
const SERVICE = { type: 'node', file: 'service.js', trigger: '@cron 0 0 7 * * 1' };

describe('an update of applications in several attempts', () => {
  const suite = new Cleanup();
  let registry: AppRegistry;
  let test: TestFleet;
  let cache: string;

  before(async () => {
    registry = suite.add(await startAppRegistry(), (each) => each.close());
    test = suite.add(
      await startTestFleet({
        configure: (config) => ({ ...config, registries: { default: [registry.url] } }),
      }),
      (each) => each.close(),
    );
    cache = suite.add(await temporaryDirectory('update'), (each) => each.remove()).path;
  });

  after(() => suite.run());

  const DEATH = new Error('the worker is dead');

  function die(): never {
    throw DEATH;
  }

  interface Ordered {
    readonly slug: string;
    readonly order: UpdateAppsPayload;
    /** Names of the instance's databases. */
    readonly apps: string;
    readonly triggers: string;
  }

  /** An instance with version 1.0.0 of an application of its own, and an order to update it. */
  async function ordered(manifest: object = {}): Promise<Ordered> {
    const slug = `app-${randomBytes(4).toString('hex')}`;
    publishApp(registry, slug, '1.0.0', manifest, ['stable']);
    return await orderedFrom(slug, slug);
  }

  /** The same, with what a source has. */
  async function orderedFrom(source: string, slug: string): Promise<Ordered> {
    const { domain, end } = await test.create({ domain: test.domain(slug), apps: source });
    expect(end).to.include({ state: 'done' });
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`${domain} was not made`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const about = { v: 1, kind: 'update-apps', domain, seen } as const;
    const order: UpdateAppsPayload = { ...about, apps: [slug], generation: 0, tries: 1, safe: false };
    const [apps, triggers] = ['io.cozy.apps', 'io.cozy.triggers'].map((doctype) =>
      databaseName(prefixOf(domain), doctype),
    );
    return { slug, order, apps: apps ?? '', triggers: triggers ?? '' };
  }

  /** Of a worker that asks the registry anew each time. */
  function attempt(before?: Progress, server: CouchServer = test.server) {
    const http = suite.add(createAppHttp(LOCAL), (each) => each.close());
    const directory = join(cache, 'cache');
    const apps = suite.add(createAppStore({ directory, http, hosts: LOCAL, lookupTtlMs: 0 }), (each) =>
      each.close(),
    );
    const places = { storage: fileStorage(test.storageRoot), designs: createDesignSource() };
    const services = { ...testServices(server, places), apps, registries: { default: [registry.url] } };
    return loneAttempt(services, {}, before);
  }

  /** What is recorded of an attempt that dies at the document of the application. */
  async function killed({ order, apps }: Ordered, at: 'before' | 'after'): Promise<Progress> {
    const dying = attempt(undefined, {
      ...test.server,
      async putDocument(name, document, signal) {
        if (name === apps && at === 'before') die();
        const rev = await test.server.putDocument(name, document, signal);
        return name === apps ? die() : rev;
      },
    });
    expect(await thrownBy(runUpdate(dying, order))).to.equal(DEATH);
    return dying.progress();
  }

  async function versionOf({ slug, apps }: Ordered): Promise<unknown> {
    return (await test.server.getDocument(apps, `io.cozy.apps/${slug}`))?.['version'];
  }

  async function serviceTriggers(domain: string): Promise<string[]> {
    const triggers = await test.documents(domain, 'io.cozy.triggers');
    return triggers.flatMap(({ _id, worker }) => (worker === 'service' ? [_id] : []));
  }

  function latestOf({ slug }: Ordered): { readonly path: string; readonly route: Route } {
    const path = `/registry/${slug}/stable/latest`;
    return { path, route: registry.routes.get(path) ?? notFound };
  }

  it('came to what it came to where the worker died before it could tell', async () => {
    const given = await ordered();
    publishApp(registry, given.slug, '2.0.0', {}, ['stable']);
    const first = attempt();
    expect(await runUpdate(first, given.order)).to.equal('updated');
    expect(await runUpdate(attempt(first.progress()), given.order)).to.equal('updated');
  });

  it('counts what an attempt has written that died, though the next one failed', async () => {
    const given = await ordered();
    publishApp(registry, given.slug, '2.0.0', {}, ['stable']);
    const before = await killed(given, 'after');
    const { path, route } = latestOf(given);
    registry.routes.set(path, status(500));
    const failing = attempt(before);
    expect(await thrownBy(runUpdate(failing, given.order))).to.have.property('code', 'apps_not_updated');
    registry.routes.set(path, route);
    const last = attempt(failing.progress());
    expect(await runUpdate(last, given.order)).to.equal('updated');
    expect(last.progress().apps?.[0]).to.include({ state: 'updated', version: '2.0.0' });
  });

  it('counts nothing as its own that was there when it looked, though an attempt between failed', async () => {
    const given = await ordered();
    const first = attempt();
    expect(await runUpdate(first, given.order)).to.equal('not-updated');
    const { path, route } = latestOf(given);
    registry.routes.set(path, status(500));
    const again = { ...given.order, generation: 1 };
    const failing = attempt({ apps: first.progress().apps, stages: [] });
    expect(await thrownBy(runUpdate(failing, again))).to.have.property('code', 'apps_not_updated');
    registry.routes.set(path, route);
    expect(await runUpdate(attempt(failing.progress()), again)).to.equal('not-updated');
  });

  it('finishes the version that a plan has shown though the registry has moved on', async () => {
    for (const at of ['before', 'after'] as const) {
      const given = await ordered();
      const { slug, apps } = given;
      const order = { ...given.order, shown: { [slug]: '2.0.0' } };
      publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
      const before = await killed({ ...given, order }, at);
      publishApp(registry, slug, '3.0.0', {}, ['stable']);
      const next = attempt(before);
      expect(await runUpdate(next, order)).to.equal('updated');
      expect(next.progress().apps?.[0]).to.include({ state: 'updated', version: '2.0.0' });
      const written = await test.server.getDocument(apps, `io.cozy.apps/${slug}`);
      expect(written).to.include({ version: '2.0.0', source: `registry://${slug}/stable` });
      expect(await serviceTriggers(order.domain)).to.have.lengthOf(1);
    }
  });

  it('leaves no trigger of a version that a plan has shown, and that cannot be had any more', async () => {
    const given = await ordered();
    const { slug } = given;
    const order = { ...given.order, shown: { [slug]: '2.0.0' } };
    publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
    const before = await killed({ ...given, order }, 'before');
    expect(await serviceTriggers(order.domain)).to.have.lengthOf(1);
    registry.routes.set(`/registry/${slug}/2.0.0`, notFound);
    publishApp(registry, slug, '3.0.0', {}, ['stable']);
    const failing = attempt(before);
    expect(await thrownBy(runUpdate(failing, order))).to.have.property('code', 'apps_not_updated');
    expect(failing.progress().apps?.[0]).to.include({ state: 'failed', kind: 'final' });
    expect(await serviceTriggers(order.domain)).to.deep.equal([]);
    expect(await versionOf(given)).to.equal('1.0.0');
  });

  for (const [what, route, kind] of [
    ['answers with a failure', status(500), 'retry'],
    ['is not reached by its proxy', status(404), 'retry'],
    ['is away', (request) => request.socket.destroy(), 'outage'],
  ] satisfies [string, Route, string][]) {
    it(`has services run as before after a cut, while the registry ${what}`, async () => {
      const given = await ordered({ services: { changed: SERVICE } });
      const { slug, order } = given;
      const triggers = await serviceTriggers(order.domain);
      publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
      const before = await killed(given, 'before');
      expect(await serviceTriggers(order.domain)).not.to.deep.equal(triggers);
      const { path, route: answering } = latestOf(given);
      registry.routes.set(path, route);
      const failing = attempt(before);
      expect(await thrownBy(runUpdate(failing, order))).to.have.property('code', 'apps_not_updated');
      expect(failing.progress().apps?.[0]).to.include({ state: 'failed', kind });
      expect(await serviceTriggers(order.domain)).to.deep.equal(triggers);
      registry.routes.set(path, answering);
      expect(await runUpdate(attempt(failing.progress()), order)).to.equal('updated');
      expect(await serviceTriggers(order.domain))
        .to.have.lengthOf(1)
        .and.not.deep.equal(triggers);
    });
  }

  for (const answer of [400, 413]) {
    it(`has services run as before where CouchDB answers the new document with ${answer}`, async () => {
      const given = await ordered({ services: { changed: SERVICE } });
      const { slug, order, apps } = given;
      const triggers = await serviceTriggers(order.domain);
      publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
      const refused = attempt(undefined, {
        ...test.server,
        async putDocument(name, document, signal) {
          if (name !== apps) return await test.server.putDocument(name, document, signal);
          expect(await serviceTriggers(order.domain)).not.to.deep.equal(triggers);
          throw new CouchError('host', 'writing', { status: answer, error: 'refused', reason: 'never' });
        },
      });
      expect(await thrownBy(runUpdate(refused, order))).to.have.property('code', 'apps_not_updated');
      expect(refused.progress().apps?.[0]).to.include({ code: `couchdb_${answer}`, kind: 'final' });
      expect(await serviceTriggers(order.domain)).to.deep.equal(triggers);
      expect(await versionOf(given)).to.equal('1.0.0');
    });
  }

  it('leaves the triggers of an application alone that somebody else updates by now', async () => {
    const given = await ordered({ services: { changed: SERVICE } });
    const { slug, order, apps } = given;
    publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
    const before = await killed(given, 'before');
    const left = await serviceTriggers(order.domain);
    const id = `io.cozy.apps/${slug}`;
    const installed = await test.server.getDocument(apps, id);
    const busy = { ...installed, _id: id, state: 'upgrading', updated_at: new Date().toISOString() };
    await test.server.putDocument(apps, busy);
    const failing = attempt(before);
    expect(await thrownBy(runUpdate(failing, order))).to.have.property('code', 'apps_not_updated');
    expect(failing.progress().apps?.[0]).to.include({ code: 'app_busy' });
    expect(await serviceTriggers(order.domain)).to.deep.equal(left);
  });

  it('refuses another version than a plan has shown, of which nothing was begun', async () => {
    const given = await ordered();
    const order = { ...given.order, shown: { [given.slug]: '2.0.0' } };
    publishApp(registry, given.slug, '2.0.0', {}, []);
    publishApp(registry, given.slug, '3.0.0', {}, ['stable']);
    const refused = attempt();
    expect(await thrownBy(runUpdate(refused, order))).to.have.property('code', 'apps_not_updated');
    expect(refused.progress().apps?.[0]).to.include({ code: 'app_outrun' });
    expect(await versionOf(given)).to.equal('1.0.0');
  });

  it('holds back what asks for other permissions, though the registry spoke of another version before', async () => {
    const given = await ordered({ permissions: RULES });
    publishApp(registry, given.slug, '1.1.0', { permissions: RULES }, ['stable']);
    const { path, route: harmless } = latestOf(given);
    publishApp(registry, given.slug, '1.2.0', { permissions: OTHER_RULES }, ['stable']);
    const { route: asking } = latestOf(given);
    // Looked up and fetched without the lock, looked up with it, and then fetched to be written.
    let asked = 0;
    registry.routes.set(path, (...args) => {
      asked += 1;
      (asked < 4 ? harmless : asking)(...args);
    });
    const safe = attempt();
    expect(await runUpdate(safe, { ...given.order, safe: true })).to.equal('not-updated');
    expect(asked).to.equal(4);
    expect(safe.progress().apps?.[0]).to.include({ state: 'held', version: '1.2.0' });
    expect(await versionOf(given)).to.equal('1.0.0');
  });

  for (const whose of ['ours', 'a stack’s'] as const) {
    it(`has services run as before that were cut, where what comes next waits for the owner: ${whose}`, async () => {
      const given = await ordered({ permissions: RULES, services: { changed: SERVICE } });
      const { slug, apps, triggers } = given;
      const order = { ...given.order, safe: true };
      const id = `io.cozy.apps/${slug}`;
      if (whose !== 'ours') await givenToStack(given);
      const named = async () => (await test.server.getDocument(apps, id))?.['services'];
      const services = await named();
      const later = { changed: { ...SERVICE, trigger: '@cron 0 0 8 * * 1' } };
      publishApp(registry, slug, '2.0.0', { permissions: RULES, services: later }, ['stable']);
      const before = await killed({ ...given, order }, 'before');
      publishApp(registry, slug, '3.0.0', { permissions: OTHER_RULES, services: later }, ['stable']);
      const next = attempt(before);
      await runUpdate(next, order);
      expect(next.progress().apps?.[0]).to.include({ state: 'held', version: '3.0.0' });
      expect(await named()).to.deep.equal(services);
      const [left = '', ...others] = await serviceTriggers(order.domain);
      expect(others).to.deep.equal([]);
      expect(services).to.have.nested.property('changed.trigger_id', left);
      expect(await test.server.getDocument(triggers, left)).to.include({ arguments: '0 0 7 * * 1' });
    });
  }

  it('leaves no service to run daily that was to run once, where what was begun does not come', async () => {
    const once = { ...SERVICE, trigger: '@in 24h' };
    const given = await ordered({ services: { once } });
    const { slug, order } = given;
    expect(await serviceTriggers(order.domain)).to.have.lengthOf(1);
    publishApp(registry, slug, '2.0.0', { services: { once: SERVICE } }, ['stable']);
    const before = await killed(given, 'before');
    expect(await serviceTriggers(order.domain)).to.have.lengthOf(1);
    registry.routes.set(latestOf(given).path, notFound);
    expect(await thrownBy(runUpdate(attempt(before), order))).to.have.property('code', 'apps_not_updated');
    expect(await serviceTriggers(order.domain)).to.deep.equal([]);
  });

  it('leaves what is to run once as it is, where another service was changed by what does not come', async () => {
    const once = { ...SERVICE, trigger: '@in 24h' };
    const given = await ordered({ services: { once, changed: SERVICE } });
    const { slug, order } = given;
    const triggers = await serviceTriggers(order.domain);
    expect(triggers).to.have.lengthOf(2);
    publishApp(registry, slug, '2.0.0', { services: { once } }, ['stable']);
    const before = await killed(given, 'before');
    expect(await serviceTriggers(order.domain)).to.have.lengthOf(1);
    registry.routes.set(latestOf(given).path, notFound);
    expect(await thrownBy(runUpdate(attempt(before), order))).to.have.property('code', 'apps_not_updated');
    expect(await serviceTriggers(order.domain)).to.have.members(triggers);
  });

  it('has services run as before where the same version, with others, was begun and does not come', async () => {
    const place = join(cache, 'agenda.tgz');
    const archive = fileURLToPath(new URL('../../golden/apps/agenda.tgz', import.meta.url));
    await copyFile(archive, place);
    const given = await orderedFrom(`file://${place}`, 'agenda');
    const { order, apps, triggers } = given;
    const id = 'io.cozy.apps/agenda';
    const installed = await test.server.getDocument(apps, id);
    const [trigger] = (await test.documents(order.domain, 'io.cozy.triggers')).filter(
      ({ message }) =>
        typeof message === 'object' && message !== null && 'name' in message && message.name === 'reminder',
    );
    if (installed === undefined || trigger === undefined) throw new Error('there is no reminder');
    const reminder = { ...SERVICE, trigger: '@cron 0 0 8 * * 1', debounce: '', trigger_id: trigger._id };
    await test.server.putDocument(apps, { ...installed, services: { reminder } });
    await test.server.putDocument(triggers, { ...trigger, arguments: '0 0 8 * * 1' });
    const at = async () => (await test.server.getDocument(triggers, trigger._id))?.['arguments'];
    const before = await killed(given, 'before');
    expect(await at()).to.equal('0 0 7 * * 1');
    await rm(place);
    const failing = attempt(before);
    expect(await thrownBy(runUpdate(failing, order))).to.have.property('code', 'apps_not_updated');
    expect(await at()).to.equal('0 0 8 * * 1');
    await copyFile(archive, place);
    const last = attempt(failing.progress());
    expect(await runUpdate(last, { ...order, generation: 1 })).to.equal('not-updated');
    expect(last.progress().apps?.[0]).to.include({ state: 'current', version: installed['version'] });
    expect(await at()).to.equal('0 0 7 * * 1');
  });

  /** Has a stack have made the one trigger of an application: another id. */
  async function givenToStack({ slug, order, apps, triggers }: Ordered): Promise<void> {
    const all = await test.documents(order.domain, 'io.cozy.triggers');
    const ours = all.find(({ worker }) => worker === 'service');
    const installed = await test.server.getDocument(apps, `io.cozy.apps/${slug}`);
    if (ours === undefined || installed === undefined) throw new Error('there is no trigger');
    const { _id, _rev, ...trigger } = ours;
    await test.server.putDocument(triggers, { ...trigger, _id: 'of-the-stack' });
    await test.server.deleteDocument(triggers, String(_id), String(_rev));
    const services = { changed: { ...SERVICE, debounce: '', trigger_id: 'of-the-stack' } };
    await test.server.putDocument(apps, { ...installed, services });
  }

  it('leaves no service to run twice where a stack came before its next attempt', async () => {
    const given = await ordered();
    const { slug, order, apps, triggers } = given;
    publishApp(registry, slug, '2.0.0', { services: { added: SERVICE } }, ['stable']);
    const before = await killed(given, 'before');
    const [ours] = (await test.documents(order.domain, 'io.cozy.triggers')).filter(
      ({ worker }) => worker === 'service',
    );
    if (ours === undefined) throw new Error('the attempt made no trigger');
    const { _rev, ...trigger } = ours;
    await test.server.putDocument(triggers, { ...trigger, _id: 'of-the-stack' });
    const installed = await test.server.getDocument(apps, `io.cozy.apps/${slug}`);
    const services = { added: { ...SERVICE, trigger_id: 'of-the-stack' } };
    await test.server.putDocument(apps, {
      ...installed,
      _id: `io.cozy.apps/${slug}`,
      version: '2.0.0',
      services,
    });
    await runUpdate(attempt(before), order);
    const left = await test.documents(order.domain, 'io.cozy.triggers');
    expect(left.flatMap(({ _id, worker }) => (worker === 'service' ? [_id] : []))).to.deep.equal([
      'of-the-stack',
    ]);
  });
});
