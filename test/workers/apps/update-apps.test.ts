import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { SingleRedis } from '../../../src/config/redis-target.ts';
import type { CouchDocument, StoredDocument } from '../../../src/couchdb/documents.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { type AppRecord, readProgress } from '../../../src/jobs/queue/progress.ts';
import type { JobEnd } from '../../../src/jobs/queue/wait-for-job.ts';
import { connectStack } from '../../../src/stack/connect.ts';
import { manifestOf, tgzOf } from '../../apps/archives.ts';
import { bytes } from '../../apps/registry-server.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { publishApp } from '../../support/publish-app.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

const RULES = { files: { type: 'io.cozy.files', verbs: ['GET'] } };

const SERVICES = {
  kept: { type: 'node', file: 'kept.js', trigger: '@cron 0 0 7 * * 1' },
  changed: { type: 'node', file: 'changed.js', trigger: '@event io.cozy.events:CREATED' },
  dropped: { type: 'node', file: 'dropped.js', trigger: '@cron 0 0 8 * * 1' },
};

const NEXT_SERVICES = {
  kept: SERVICES.kept,
  changed: { ...SERVICES.changed, trigger: '@cron 0 0 9 * * 1' },
  added: { type: 'node', file: 'added.js', trigger: '@event io.cozy.files:DELETED' },
};

describe('updating applications', () => {
  let registry: AppRegistry;
  let stackRedis: TestRedis;
  let redis: Redis;
  let close: () => void;
  let test: TestFleet;

  before(async () => {
    registry = await startAppRegistry();
    stackRedis = await startTestRedis();
    const target: SingleRedis = redisAt(stackRedis.url);
    const connection = connectStack({ jobs: target, lock: target });
    if (connection.jobs === undefined) throw new Error('there is no Redis of a stack');
    redis = connection.jobs;
    close = connection.close;
    test = await startTestFleet({
      configure: (config) => ({
        ...config,
        contexts: { default: { additional_platform_apps: ['ours'] } },
        stackRedis: { jobs: target, lock: target },
        registries: { default: [registry.url] },
      }),
    });
  });

  after(async () => {
    await test.close();
    close();
    await stackRedis.close();
    await registry.close();
  });

  function publish(slug: string, version: string, manifest: object, channels?: readonly string[]): void {
    publishApp(registry, slug, version, manifest, channels);
  }

  const newSlug = () => `app-${randomBytes(4).toString('hex')}`;

  /** Makes an instance with a version of an application. */
  async function installed(slug: string, version = '1.0.0'): Promise<string> {
    const app = `registry://${slug}/stable/${version}`;
    const { domain, end } = await test.create({ domain: test.domain(slug), apps: app });
    expect(end).to.include({ state: 'done' });
    return domain;
  }

  interface Order {
    readonly channel?: string;
    readonly version?: string;
    readonly source?: string;
    readonly safe?: boolean;
    readonly shown?: Record<string, string>;
  }

  async function update(
    domain: string,
    slug: string,
    { safe = false, ...order }: Order = {},
  ): Promise<{ readonly end: JobEnd; readonly app: AppRecord | undefined }> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('there is no instance');
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'update-apps' as const, domain, seen, apps: [slug], safe, ...order };
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    const end = await test.ended(jobId);
    const { apps } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    return { end, app: apps?.[0] };
  }

  async function change(domain: string, doctype: string, id: string, fields: object): Promise<void> {
    const prefix = (await test.instance(domain))?.prefix ?? '';
    const database = databaseName(prefix, doctype);
    const found = await test.server.getDocument(database, id);
    await test.server.putDocument(database, { _id: id, ...found, ...fields });
  }

  async function appOf(domain: string, slug: string, doctype = 'io.cozy.apps'): Promise<CouchDocument> {
    const found = (await test.documents(domain, doctype)).find(({ _id }) => _id === `${doctype}/${slug}`);
    if (found === undefined) throw new Error(`there is no ${slug}`);
    return found;
  }

  async function permissionsOf(domain: string): Promise<StoredDocument> {
    const documents = await test.documents(domain, 'io.cozy.permissions');
    const [found, ...more] = documents.filter(({ _id }) => !_id.startsWith('_design/'));
    if (found === undefined || more.length > 0) throw new Error('there is not one document of permissions');
    return found;
  }

  async function triggersOf(domain: string): Promise<Map<string, StoredDocument>> {
    const documents = await test.documents(domain, 'io.cozy.triggers');
    return new Map(
      documents.flatMap((each) => {
        const { message } = each;
        const name = typeof message === 'object' && message !== null && 'name' in message && message.name;
        return typeof name === 'string' ? [[name, each] as const] : [];
      }),
    );
  }

  function errorOf(end: JobEnd): string {
    return end.state === 'failed' ? `${end.code}: ${end.message}` : end.state;
  }

  it('puts the new version in the place of the old one, with its code beside the old', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES, gone: true });
    publish(slug, '1.1.0', { permissions: { contacts: { type: 'io.cozy.contacts' } } }, ['stable']);
    const domain = await installed(slug);
    const before = await appOf(domain, slug);
    const { end, app } = await update(domain, slug, { channel: 'stable' });
    expect(end).to.include({ outcome: 'updated' });
    expect(app).to.include({ state: 'updated', version: '1.1.0' });
    const after = await appOf(domain, slug);
    expect(after).to.include({
      version: '1.1.0',
      source: `registry://${slug}/stable`,
      state: 'ready',
      created_at: before['created_at'],
    });
    expect(after).not.to.have.any.keys('gone', 'available_version');
    expect(after['checksum']).not.to.equal(before['checksum']);
    expect(after['updated_at']).not.to.equal(before['updated_at']);
    const folders = await readdir(join(test.storageRoot, domain, '.cozy_apps', slug));
    expect(folders.sort()).to.deep.equal([`1.0.0-${before['checksum']}`, `1.1.0-${after['checksum']}`]);
    expect((await permissionsOf(domain))['permissions']).to.deep.equal({
      ...RULES,
      contacts: { type: 'io.cozy.contacts' },
    });
  });

  it('leaves an application alone where the code of another build of the new version is there', async () => {
    const slug = newSlug();
    /** @returns its source, with the SHA-256 of just this build */
    const build = (version: string, page: string): string => {
      const content = tgzOf([
        { path: 'manifest.webapp', content: manifestOf({ slug, version, permissions: {} }) },
        { path: 'index.html', content: page },
      ]);
      registry.routes.set(`/${slug}.tgz`, bytes(content));
      return `${registry.url}/${slug}.tgz#${createHash('sha256').update(content).digest('hex')}`;
    };
    const { domain } = await test.create({ domain: test.domain(slug), apps: build('1.0.0', 'first') });
    const newer = await update(domain, slug, { source: build('1.1.0', 'newer') });
    expect(newer.app).to.include({ state: 'updated', version: '1.1.0' });
    const before = await appOf(domain, slug);
    const { end, app } = await update(domain, slug, { source: build('1.0.0', 'second') });
    expect(end).to.include({ state: 'failed', code: 'apps_not_updated' });
    expect(app).to.include({ state: 'failed', code: 'app_rebuilt', kind: 'final' });
    expect(await appOf(domain, slug)).to.deep.equal(before);
    const back = await update(domain, slug, { source: build('1.0.0', 'first') });
    expect(back.app).to.include({ state: 'updated', version: '1.0.0' });
  });

  it('leaves an application alone of which its source has another version than a plan has shown', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES });
    publish(slug, '1.1.0', { permissions: RULES }, ['stable']);
    const domain = await installed(slug);
    const before = await appOf(domain, slug);
    const { end, app } = await update(domain, slug, { channel: 'stable', shown: { [slug]: '1.0.9' } });
    expect(end).to.include({ state: 'failed', code: 'apps_not_updated' });
    expect(app).to.include({ state: 'failed', code: 'app_outrun', kind: 'final' });
    expect(await appOf(domain, slug)).to.deep.equal(before);
    const again = await update(domain, slug, { channel: 'stable', shown: { [slug]: '1.1.0' } });
    expect(again.app).to.include({ state: 'updated', version: '1.1.0' });
  });

  it('keeps triggers of services that stay as they are, and makes the others anew', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { services: SERVICES });
    publish(slug, '2.0.0', { services: NEXT_SERVICES });
    const domain = await installed(slug);
    const before = await triggersOf(domain);
    const { end } = await update(domain, slug, { version: '2.0.0' });
    expect(end).to.include({ outcome: 'updated' });
    const after = await triggersOf(domain);
    expect([...after.keys()].sort()).to.deep.equal(['added', 'changed', 'kept']);
    expect(after.get('kept')).to.deep.equal(before.get('kept'));
    expect(after.get('changed')).to.include({ type: '@cron', arguments: '0 0 9 * * 1' });
    const named = (await appOf(domain, slug))['services'];
    expect(named).to.nested.include({
      'kept.trigger_id': after.get('kept')?._id,
      'changed.trigger_id': after.get('changed')?._id,
      'added.trigger_id': after.get('added')?._id,
    });
    const { prefix = '' } = (await test.instance(domain)) ?? {};
    const entry = (name: string, of = after) => `${prefix}/${of.get(name)?._id}`;
    expect(await redis.zscore('triggers', entry('dropped', before))).to.equal(null);
    expect(await redis.zscore('triggers', entry('kept'))).not.to.equal(null);
    expect(await redis.zscore('triggers', entry('changed'))).not.to.equal(null);
    expect(Object.keys(await redis.hgetall(`events-${prefix}`))).to.deep.equal([after.get('added')?._id]);
  });

  it('fetches nothing of a version that is there, and writes what it comes from', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES }, ['beta']);
    const domain = await installed(slug);
    const before = await appOf(domain, slug);
    const asked = registry.asked.length;
    const { end, app } = await update(domain, slug, { channel: 'beta' });
    expect(end).to.include({ outcome: 'not-updated' });
    expect(app).to.include({ state: 'current', version: '1.0.0' });
    expect(registry.asked.slice(asked)).to.deep.equal([`/registry/${slug}/beta/latest`]);
    const { _rev, updated_at, ...after } = await appOf(domain, slug);
    expect(after).to.deep.equal({ ...withoutTimes(before), source: `registry://${slug}/beta` });
  });

  it('takes slashes off the end of a source, by which a stack would lose the version', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    const domain = await installed(slug);
    const source = String((await appOf(domain, slug))['source']);
    await change(domain, 'io.cozy.apps', `io.cozy.apps/${slug}`, { source: `${source}/` });
    expect((await update(domain, slug)).app).to.include({ state: 'current', version: '1.0.0' });
    expect(await appOf(domain, slug)).to.include({ source });
  });

  it('keeps what is newer than its channel has, until that is asked for', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {}, ['stable']);
    publish(slug, '1.1.0', {});
    const domain = await installed(slug, '1.1.0');
    const source = `registry://${slug}/stable`;
    await change(domain, 'io.cozy.apps', `io.cozy.apps/${slug}`, { source });
    const { end, app } = await update(domain, slug, { shown: { [slug]: '1.1.0' } });
    expect(end).to.include({ outcome: 'not-updated' });
    expect(app).to.include({
      state: 'current',
      version: '1.1.0',
      reason: "1.1.0 is newer than the registry's 1.0.0",
    });
    expect(await appOf(domain, slug)).to.include({ version: '1.1.0', source });
    const back = await update(domain, slug, { channel: 'stable' });
    expect(back.app).to.include({ state: 'updated', version: '1.0.0' });
  });

  it('says of no version any more that it waits, once its source has the one that is there', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES, services: SERVICES }, ['stable']);
    publish(slug, '1.1.0-beta', { permissions: {}, services: SERVICES }, ['beta']);
    const domain = await installed(slug);
    const before = await appOf(domain, slug);
    await update(domain, slug, { channel: 'beta', safe: true });
    expect(await appOf(domain, slug)).to.include({ available_version: '1.1.0-beta' });
    const { end, app } = await update(domain, slug, { channel: 'stable' });
    expect(end).to.include({ outcome: 'not-updated' });
    expect(app).to.include({ state: 'current', version: '1.0.0' });
    expect(withoutTimes(await appOf(domain, slug))).to.deep.equal({
      ...withoutTimes(before),
      source: `registry://${slug}/stable`,
    });
  });

  function withoutTimes({ _rev, updated_at, ...rest }: CouchDocument): object {
    return rest;
  }

  it('holds back what asks for other permissions, where it is to be safe, and fetches nothing of it', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES, services: SERVICES });
    publish(slug, '1.1.0', { permissions: { files: { type: 'io.cozy.files', verbs: ['POST'] } } });
    const domain = await installed(slug);
    const before = await appOf(domain, slug);
    const granted = (await permissionsOf(domain))['permissions'];
    const { end, app } = await update(domain, slug, { version: '1.1.0', safe: true });
    expect(end).to.include({ outcome: 'not-updated' });
    expect(app).to.include({ state: 'held', version: '1.1.0' });
    expect(withoutTimes(await appOf(domain, slug))).to.deep.equal({
      ...withoutTimes(before),
      source: `registry://${slug}/stable/1.1.0`,
      available_version: '1.1.0',
    });
    expect((await permissionsOf(domain))['permissions']).to.deep.equal(granted);
    expect(registry.asked).not.to.include(`/${slug}-1.1.0.tgz`);
  });

  it('takes what was held back once nobody has to agree', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { permissions: RULES });
    publish(slug, '1.1.0', { permissions: {} });
    const domain = await installed(slug);
    await update(domain, slug, { version: '1.1.0', safe: true });
    const { end } = await update(domain, slug);
    expect(end).to.include({ outcome: 'updated' });
    expect(await appOf(domain, slug))
      .to.include({ version: '1.1.0' })
      .and.not.have.property('available_version');
  });

  it('asks nobody about a webapp that the context takes for the platform’s', async () => {
    publish('ours', '1.0.0', { permissions: RULES });
    publish('ours', '1.1.0', { permissions: {} });
    const domain = await installed('ours');
    expect((await update(domain, 'ours', { version: '1.1.0', safe: true })).app).to.include({
      state: 'updated',
    });
  });

  it('keeps the parameters of a konnector, and its triggers', async () => {
    const slug = newSlug();
    const konnector = { type: 'konnector', permissions: RULES };
    publish(slug, '1.0.0', { ...konnector, parameters: { key: 'value' } });
    publish(slug, '2.0.0', konnector);
    const domain = await installed(slug);
    await change(domain, 'io.cozy.triggers', 'theirs', {
      type: '@cron',
      worker: 'konnector',
      arguments: '0 0 1 * * *',
      message: { konnector: slug },
    });
    const { end } = await update(domain, slug, { version: '2.0.0' });
    expect(end).to.include({ outcome: 'updated' });
    const after = await appOf(domain, slug, 'io.cozy.konnectors');
    expect(after).to.deep.include({ version: '2.0.0', parameters: { key: 'value' } });
    expect(after).not.to.have.property('services');
    expect((await test.documents(domain, 'io.cozy.triggers')).map(({ _id }) => _id)).to.include('theirs');
  });

  it('takes an application from an archive, once its version is another', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    publish(slug, '1.2.0', {});
    const domain = await installed(slug);
    const source = `${registry.url}/${slug}-1.2.0.tgz`;
    expect((await update(domain, slug, { source })).app).to.include({ state: 'updated', version: '1.2.0' });
    expect(await appOf(domain, slug)).to.include({ source, checksum: '' });
    expect((await update(domain, slug)).app).to.include({ state: 'current' });
  });

  it('passes over an instance without the application', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    const domain = await installed(slug);
    const { end, app } = await update(domain, 'elsewhere');
    expect(end).to.include({ outcome: 'not-updated' });
    expect(app).to.include({ state: 'absent' });
  });

  it('refuses another application from the source that was given', async () => {
    const [slug, other] = [newSlug(), newSlug()];
    publish(slug, '1.0.0', {});
    publish(other, '3.0.0', {});
    const domain = await installed(slug);
    const { end } = await update(domain, slug, { source: `${registry.url}/${other}-3.0.0.tgz` });
    expect(errorOf(end)).to.match(/^apps_not_updated: .*has another application: the webapp/);
    expect(await appOf(domain, slug)).to.include({ version: '1.0.0' });
  });

  it('writes nothing where there are no permissions', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', { services: SERVICES });
    publish(slug, '2.0.0', { services: NEXT_SERVICES });
    const domain = await installed(slug);
    await change(domain, 'io.cozy.permissions', (await permissionsOf(domain))._id, { source_id: 'x' });
    const before = [await appOf(domain, slug), await triggersOf(domain)];
    const { end } = await update(domain, slug, { version: '2.0.0' });
    expect(errorOf(end)).to.contain('there are no permissions of application');
    expect([await appOf(domain, slug), await triggersOf(domain)]).to.deep.equal(before);
  });

  it('leaves an application alone that somebody else is updating, and not one that was left so', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    publish(slug, '2.0.0', {});
    const domain = await installed(slug);
    const busy = { state: 'upgrading', updated_at: new Date().toISOString() };
    await change(domain, 'io.cozy.apps', `io.cozy.apps/${slug}`, busy);
    const { app } = await update(domain, slug, { version: '2.0.0' });
    expect(app).to.include({ state: 'failed', code: 'app_busy', kind: 'retry' });
    const left = { state: 'upgrading', updated_at: '2020-01-01T00:00:00Z' };
    await change(domain, 'io.cozy.apps', `io.cozy.apps/${slug}`, left);
    expect((await update(domain, slug, { version: '2.0.0' })).app).to.include({ state: 'updated' });
  });

  it('keeps an application switched off that is', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    publish(slug, '2.0.0', {});
    const domain = await installed(slug);
    await change(domain, 'io.cozy.apps', `io.cozy.apps/${slug}`, { state: 'installed' });
    await update(domain, slug, { version: '2.0.0' });
    expect(await appOf(domain, slug)).to.include({ version: '2.0.0', state: 'installed' });
  });

  it('waits for a stack that holds the lock of the application', async () => {
    const slug = newSlug();
    publish(slug, '1.0.0', {});
    publish(slug, '2.0.0', {});
    const domain = await installed(slug);
    const { prefix = '' } = (await test.instance(domain)) ?? {};
    const lock = `locks:${prefix}/app-${slug}`;
    let isFree = false;
    await redis.set(lock, 'the stack', 'PX', 60_000);
    const updating = update(domain, slug, { version: '2.0.0' }).then((done) => {
      expect(isFree).to.equal(true);
      return done;
    });
    await until('it is fetched', async () => registry.asked.includes(`/${slug}-2.0.0.tgz`));
    expect(await appOf(domain, slug)).to.include({ version: '1.0.0' });
    isFree = true;
    await redis.del(lock);
    expect((await updating).app).to.include({ state: 'updated' });
  });
});
