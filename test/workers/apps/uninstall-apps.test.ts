import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { type AppRecord, readProgress } from '../../../src/jobs/queue/progress.ts';
import type { JobEnd } from '../../../src/jobs/queue/wait-for-job.ts';
import { connectStack } from '../../../src/stack/connect.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';

describe('uninstalling applications', () => {
  let registry: AppRegistry;
  let stackRedis: TestRedis;
  let redis: Redis;
  let close: () => void;
  let test: TestFleet;
  let made = 0;

  before(async () => {
    registry = await startAppRegistry();
    stackRedis = await startTestRedis();
    const target = redisAt(stackRedis.url);
    const connection = connectStack({ jobs: target, lock: target });
    if (connection.jobs === undefined) throw new Error('there is no Redis of a stack');
    redis = connection.jobs;
    close = connection.close;
    test = await startTestFleet({
      configure: (config) => ({
        ...config,
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

  /** Makes an instance with the samples. */
  async function withApps(): Promise<string> {
    made += 1;
    const { domain, end } = await test.create({
      domain: test.domain(`gone-${made}`),
      apps: 'agenda,waterbill',
    });
    expect(end).to.include({ state: 'done' });
    return domain;
  }

  async function uninstall(
    domain: string,
    slug: string,
    purgeCode = false,
  ): Promise<{ readonly end: JobEnd; readonly app: AppRecord | undefined }> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('there is no instance');
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'uninstall-apps' as const, domain, seen, apps: [slug], purgeCode };
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
    const end = await test.ended(jobId);
    const { apps } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    return { end, app: apps?.[0] };
  }

  async function idsOf(domain: string, doctype: string): Promise<string[]> {
    const documents = await test.documents(domain, doctype);
    return documents.map(({ _id }) => _id).filter((id) => !id.startsWith('_design/'));
  }

  async function put(domain: string, doctype: string, document: CouchDocument): Promise<void> {
    const database = databaseName((await test.instance(domain))?.prefix ?? '', doctype);
    await test.server.createDatabase(database);
    await test.server.putDocument(database, document);
  }

  it('takes document, permissions, triggers, and what the stack would run, and leaves the others', async () => {
    const domain = await withApps();
    const { prefix = '' } = (await test.instance(domain)) ?? {};
    await put(domain, 'io.cozy.permissions', {
      _id: 'second',
      type: 'app',
      source_id: 'io.cozy.apps/agenda',
    });
    await put(domain, 'io.cozy.triggers', {
      _id: 'theirs',
      type: '@cron',
      worker: 'konnector',
      message: { konnector: 'waterbill' },
    });
    expect((await uninstall(domain, 'agenda')).end).to.include({ outcome: 'uninstalled' });
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal([]);
    expect(await idsOf(domain, 'io.cozy.konnectors')).to.have.length(1);
    const permissions = await test.documents(domain, 'io.cozy.permissions');
    expect(permissions.flatMap((each) => each['source_id'] ?? [])).to.deep.equal([
      'io.cozy.konnectors/waterbill',
    ]);
    expect(await idsOf(domain, 'io.cozy.triggers')).to.deep.equal(['theirs']);
    const entries = await redis.zrange('triggers', '0', '-1');
    expect(entries.filter((entry) => entry.startsWith(`${prefix}/`))).to.deep.equal([]);
    expect(await redis.hgetall(`events-${prefix}`)).to.deep.equal({});
    expect(await readdir(join(test.storageRoot, domain, '.cozy_apps'))).to.deep.equal(['agenda']);
  });

  it('takes the code, too, where it is to, then and later', async () => {
    const domain = await withApps();
    await uninstall(domain, 'agenda');
    const { end, app } = await uninstall(domain, 'agenda', true);
    expect(end).to.include({ outcome: 'uninstalled' });
    expect(app).to.include({ state: 'uninstalled' });
    expect(await readdir(join(test.storageRoot, domain, '.cozy_apps'))).to.deep.equal([]);
    expect(await readdir(join(test.storageRoot, domain, '.cozy_konnectors'))).to.deep.equal(['waterbill']);
  });

  it('passes over an instance without the application', async () => {
    const domain = await withApps();
    const { end, app } = await uninstall(domain, 'elsewhere', true);
    expect(end).to.include({ outcome: 'not-installed' });
    expect(app).to.include({ state: 'absent' });
  });

  it('takes a konnector with the accounts that its triggers name, and leaves what a stack leaves', async () => {
    const domain = await withApps();
    const { prefix = '' } = (await test.instance(domain)) ?? {};
    for (const [id, account] of [
      ['of-water', 'water'],
      ['of-none', ''],
    ]) {
      await put(domain, 'io.cozy.triggers', {
        _id: id ?? '',
        type: '@cron',
        worker: 'konnector',
        message: { konnector: 'waterbill', account },
      });
      await redis.zadd('triggers', '1', `${prefix}/${id}`);
    }
    for (const _id of ['water', 'forgotten']) {
      await put(domain, 'io.cozy.accounts', { _id, account_type: 'waterbill' });
    }
    expect((await uninstall(domain, 'waterbill')).end).to.include({ outcome: 'uninstalled' });
    expect(await idsOf(domain, 'io.cozy.konnectors')).to.deep.equal([]);
    expect(await idsOf(domain, 'io.cozy.accounts')).to.deep.equal(['forgotten']);
    expect(await idsOf(domain, 'io.cozy.accounts.soft_deleted')).to.deep.equal(['water']);
    const triggers = await idsOf(domain, 'io.cozy.triggers');
    expect(triggers).to.include('of-none').and.not.to.include('of-water');
    const entries = await redis.zrange('triggers', '0', '-1');
    expect(entries).to.include(`${prefix}/of-none`).and.not.to.include(`${prefix}/of-water`);
    const permissions = await test.documents(domain, 'io.cozy.permissions');
    expect(permissions.flatMap((each) => each['source_id'] ?? [])).to.deep.equal(['io.cozy.apps/agenda']);
    expect(await readdir(join(test.storageRoot, domain, '.cozy_konnectors'))).to.deep.equal(['waterbill']);
  });

  it('takes the code of a konnector, too, where it is to', async () => {
    const domain = await withApps();
    await uninstall(domain, 'waterbill', true);
    expect(await readdir(join(test.storageRoot, domain, '.cozy_konnectors'))).to.deep.equal([]);
    expect(await readdir(join(test.storageRoot, domain, '.cozy_apps'))).to.deep.equal(['agenda']);
  });

  describe('of a konnector that tells a provider', () => {
    /** Ends the jobs of konnectors, as a stack's workers would, until it is stopped. */
    function konnectors(outcome: 'done' | 'errored'): { stop(): Promise<void> } {
      const blocking = redis.duplicate();
      let isOver = false;
      const working = (async () => {
        while (!isOver) {
          const popped = await blocking.brpop('j/konnector/p0', 0.1);
          const [prefix = '', id = ''] = popped?.[1].split('/') ?? [];
          if (popped === null) continue;
          const database = databaseName(prefix, 'io.cozy.jobs');
          const job = await test.server.getDocument(database, id);
          if (job !== undefined) await test.server.putDocument(database, { ...job, state: outcome });
        }
      })();
      return {
        async stop() {
          isOver = true;
          await working;
          blocking.disconnect();
        },
      };
    }

    async function withAccount(): Promise<string> {
      const domain = await withApps();
      const database = databaseName((await test.instance(domain))?.prefix ?? '', 'io.cozy.konnectors');
      const found = await test.server.getDocument(database, 'io.cozy.konnectors/waterbill');
      if (found === undefined) throw new Error('there is no waterbill');
      await test.server.putDocument(database, { ...found, on_delete_account: 'onDelete.js' });
      await put(domain, 'io.cozy.accounts', { _id: 'water', account_type: 'waterbill' });
      const message = { konnector: 'waterbill', account: 'water' };
      await put(domain, 'io.cozy.triggers', { _id: 'of-water', type: '@cron', worker: 'konnector', message });
      return domain;
    }

    it('has it done before anything of it goes', async () => {
      const domain = await withAccount();
      const stack = konnectors('done');
      const { end } = await uninstall(domain, 'waterbill');
      await stack.stop();
      expect(end).to.include({ outcome: 'uninstalled' });
      expect(await idsOf(domain, 'io.cozy.konnectors')).to.deep.equal([]);
      expect(await idsOf(domain, 'io.cozy.triggers')).not.to.include('of-water');
      expect(await test.documents(domain, 'io.cozy.jobs')).to.satisfy((jobs: CouchDocument[]) =>
        jobs.some(({ message }) => Object(message)['account_deleted'] === true),
      );
    });

    it('keeps it where that fails, and takes it when somebody has it tried again', async () => {
      const domain = await withAccount();
      const failing = konnectors('errored');
      const { end, app } = await uninstall(domain, 'waterbill');
      await failing.stop();
      expect(end).to.include({ state: 'failed', code: 'apps_not_uninstalled' });
      expect(app).to.include({ state: 'failed', code: 'account_hook' });
      expect(await idsOf(domain, 'io.cozy.konnectors')).to.have.length(1);
      expect(await idsOf(domain, 'io.cozy.triggers')).to.include('of-water');
      const working = konnectors('done');
      const again = await uninstall(domain, 'waterbill');
      await working.stop();
      expect(again.end).to.include({ outcome: 'uninstalled' });
      expect(await idsOf(domain, 'io.cozy.triggers')).not.to.include('of-water');
    });
  });

  it('can be installed again', async () => {
    const domain = await withApps();
    await uninstall(domain, 'agenda', true);
    const { end } = await test.create({ domain, apps: 'agenda,waterbill' });
    expect(end).to.include({ state: 'done' });
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
    expect(await idsOf(domain, 'io.cozy.triggers')).to.have.length(2);
  });

  for (const [what, slug, code, prepare] of [
    [
      'what an OAuth client uses',
      'agenda',
      'app_linked',
      (domain: string) =>
        put(domain, 'io.cozy.oauth.clients', { _id: 'phone', software_id: 'registry://agenda' }),
    ],
  ] as const) {
    it(`leaves ${what} alone`, async () => {
      const domain = await withApps();
      await prepare(domain);
      const { end, app } = await uninstall(domain, slug, true);
      expect(end).to.include({ state: 'failed', code: 'apps_not_uninstalled' });
      expect(app).to.include({ state: 'failed', code, kind: 'final' });
      expect(await idsOf(domain, 'io.cozy.apps')).to.have.length(1);
      expect(await idsOf(domain, 'io.cozy.konnectors')).to.have.length(1);
      expect(await idsOf(domain, 'io.cozy.triggers')).to.have.length(2);
      expect(await idsOf(domain, 'io.cozy.permissions')).to.have.length(2);
      expect(await readdir(join(test.storageRoot, domain, '.cozy_apps'))).to.deep.equal(['agenda']);
    });
  }
});
