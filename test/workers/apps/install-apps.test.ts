import { createHash } from 'node:crypto';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect } from 'chai';
import type { StoredDocument } from '../../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { JOB_KINDS } from '../../../src/jobs/kinds/job-kinds.ts';
import { failedState } from '../../../src/jobs/queue/ending.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { type Progress, readProgress } from '../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import type { JobEnd } from '../../../src/jobs/queue/wait-for-job.ts';
import { refuseUninstallable } from '../../../src/workers/apps/install-apps.ts';
import { currentStage } from '../../../src/workers/stage/pipeline.ts';
import { manifestOf, tgzOf } from '../../apps/archives.ts';
import { bytes, json, startWebServer, status } from '../../apps/registry-server.ts';
import {
  type AppRegistry,
  latest,
  registryAnswer,
  sampleArchive,
  startAppRegistry,
} from '../../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('installing applications', () => {
  let registry: AppRegistry;
  let test: TestFleet;

  before(async () => {
    registry = await startAppRegistry();
    test = await startTestFleet({
      configure: (config) => ({ ...config, registries: { default: [registry.url] } }),
    });
  });

  after(async () => {
    await test.close();
    await registry.close();
  });

  afterEach(() => {
    registry.restore('agenda');
    registry.restore('waterbill');
  });

  /** Makes an instance without applications. */
  async function made(name: string): Promise<string> {
    const { domain, end } = await test.create({ domain: test.domain(name) });
    expect(end).to.include({ state: 'done' });
    return domain;
  }

  /** Orders applications for an instance that is there. */
  async function order(domain: string, apps: string[], tries = 2): Promise<string> {
    const instance = await test.instance(domain);
    const seen = instance && { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'install-apps' as const, domain, apps, ...(seen && { seen }) };
    const answer = await enqueueJob(test.fleet, { work, tries });
    if (answer.state !== 'queued') throw new Error(`not queued but ${answer.state}`);
    return answer.jobId;
  }

  async function install(domain: string, ...apps: string[]): Promise<JobEnd> {
    return await test.ended(await order(domain, apps));
  }

  async function idsOf(domain: string, doctype: string): Promise<string[]> {
    const documents = await test.documents(domain, doctype);
    return documents.map(({ _id }) => _id).filter((id) => !id.startsWith('_design/'));
  }

  async function progressOf(jobId: string): Promise<Progress> {
    return readProgress((await test.fleet.queue.getJob(jobId))?.progress);
  }

  function errorOf(end: JobEnd): string {
    return end.state === 'failed' ? `${end.code}: ${end.message}` : end.state;
  }

  it('puts webapps and konnectors where the stack looks for them', async () => {
    const domain = await made('both');
    expect(await install(domain, 'agenda', 'waterbill')).to.include({ outcome: 'installed' });
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
    expect(await idsOf(domain, 'io.cozy.konnectors')).to.deep.equal(['io.cozy.konnectors/waterbill']);
    expect(await idsOf(domain, 'io.cozy.triggers')).to.have.length(2);
    expect(await readdir(join(test.storageRoot, domain, '.cozy_konnectors', 'waterbill'))).to.have.length(1);
  });

  it('leaves an application alone that is there', async () => {
    const domain = await made('again');
    await install(domain, 'agenda');
    const before = await test.documents(domain, 'io.cozy.apps');
    expect(await install(domain, 'agenda')).to.include({ state: 'done', outcome: 'present' });
    expect(await test.documents(domain, 'io.cozy.apps')).to.deep.equal(before);
  });

  it('fetches an archive once for many instances', async () => {
    const before = registry.downloads('agenda');
    const domains = await Promise.all(['one', 'two', 'three'].map((name) => made(name)));
    await Promise.all(domains.map((domain) => install(domain, 'agenda')));
    expect(registry.downloads('agenda') - before).to.be.at.most(before === 0 ? 1 : 0);
  });

  it('brings a permission document up to date that is left from before, and makes no second one', async () => {
    const domain = await made('permission');
    const prefix = (await test.instance(domain))?.prefix ?? '';
    const database = databaseName(prefix, 'io.cozy.permissions');
    const left = { _id: 'a'.repeat(32), type: 'app', source_id: 'io.cozy.apps/agenda', permissions: {} };
    await test.server.putDocument(database, left);
    await install(domain, 'agenda');
    expect(await idsOf(domain, 'io.cozy.permissions')).to.deep.equal([left._id]);
    const now = await test.server.getDocument(database, left._id);
    expect(now?.['permissions']).to.have.keys('events', 'contacts', 'settings', 'files');
  });

  it('installs what it can have, and says what it cannot', async () => {
    const domain = await made('some');
    const jobId = await order(domain, ['nowhere', 'agenda']);
    expect(errorOf(await test.ended(jobId))).to.match(
      /^apps: application nowhere has not been installed: no registry has nowhere in channel stable/,
    );
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
    const { apps } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    expect(apps?.map(({ app, state, code }) => [app, state, code])).to.deep.equal([
      ['nowhere', 'failed', 'app_not_found'],
      ['agenda', 'installed', undefined],
    ]);
  });

  it('tries again what may be had later, and nothing else', async () => {
    const domain = await made('later');
    let asked = 0;
    registry.routes.set(latest('shaky'), (request, response) => {
      asked += 1;
      const route = asked === 1 ? status(500) : json(registryAnswer('agenda', registry.url, 'shaky'));
      route(request, response);
    });
    // The registry is left in peace for some seconds, which takes tries.
    const jobId = await order(domain, ['shaky', 'waterbill'], 20);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'installed' });
    const { apps = [] } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    expect(asked).to.equal(2);
    expect(apps.find(({ app }) => app === 'waterbill')).to.include({ tries: 1 });
  });

  it('spends no try on a registry that is away, and waits for it', async () => {
    const domain = await made('away');
    const gone = await startWebServer();
    await gone.close();
    const jobId = await order(domain, [`${gone.url}/agenda.tgz`], 1);
    await until('it is put off', async () => (await test.fleet.queue.getJobState(jobId)) === 'delayed');
    const job = await test.fleet.queue.getJob(jobId);
    expect(job?.attemptsMade).to.equal(0);
    expect((await progressOf(jobId)).apps?.[0]).to.include({ state: 'failed', kind: 'outage' });
    const back = await startWebServer(Number(new URL(gone.url).port));
    back.routes.set('/agenda.tgz', bytes(sampleArchive('agenda')));
    try {
      await job?.promote();
      const later = until(
        'it is done',
        async () => (await test.fleet.queue.getJobState(jobId)) === 'completed',
      );
      await later;
    } finally {
      await back.close();
    }
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
  });

  it('gives up after as many tries as the job has', async () => {
    const domain = await made('never');
    registry.routes.set('/registry/never/stable/latest', status(503));
    expect(errorOf(await install(domain, 'never'))).to.contain('answered 503');
  });

  it('refuses an instance that is being deleted', async () => {
    const domain = await made('leaving');
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('no instance');
    await test.server.putDocument('global/instances', { ...instance, deleting: true });
    expect(errorOf(await install(domain, 'agenda'))).to.match(/^deleting: /);
  });

  for (const [what, fields] of [
    ['has the same databases', (domain: string) => ({ domain: `other-${domain}`, prefix: prefixOf(domain) })],
    ['could mean its directory', (domain: string) => ({ domain: `other-${domain}`, old_domain: domain })],
  ] as const) {
    it(`leaves an instance alone while another document ${what}`, async () => {
      const domain = await made('shared');
      const other = { _id: `beside-${domain}`, ...fields(domain) };
      const rev = await test.server.putDocument(INSTANCES, other);
      expect(errorOf(await install(domain, 'agenda'))).to.match(/^shared_(prefix|name): .*beside-/);
      await test.server.deleteDocument(INSTANCES, other._id, rev);
      expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal([]);
      expect(await readdir(join(test.storageRoot, domain))).to.not.include('.cozy_apps');
    });
  }

  it('leaves an instance alone whose prefix is the platform’s', async () => {
    const domain = await made('platform');
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('no instance');
    await test.server.putDocument(INSTANCES, { ...instance, prefix: 'global' });
    expect(errorOf(await install(domain, 'agenda'))).to.match(/^shared_prefix: .*"global"/);
    expect(await test.server.databaseExists('global/io-cozy-apps')).to.equal(false);
  });

  it('touches nothing of another life of the domain', async () => {
    const domain = await made('lives');
    const seen = { id: (await test.instance(domain))?._id ?? '', incarnation: '0'.repeat(16) };
    const work = { kind: 'install-apps' as const, domain, apps: ['agenda'], seen };
    const answer = await enqueueJob(test.fleet, { work, tries: 1 });
    expect(errorOf(await test.ended(answer.state === 'queued' ? answer.jobId : ''))).to.match(
      /^superseded: /,
    );
    expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal([]);
  });

  describe('from an archive whose version another build has, too', () => {
    /** @returns its source, with the SHA-256 of just this build */
    function build(slug: string, page: string): string {
      const content = tgzOf([
        { path: 'manifest.webapp', content: manifestOf({ slug, permissions: {}, page }) },
        { path: 'index.html', content: page },
      ]);
      registry.routes.set(`/${slug}.tgz`, bytes(content));
      return `${registry.url}/${slug}.tgz#${createHash('sha256').update(content).digest('hex')}`;
    }

    async function uninstall(domain: string, slug: string, purgeCode: boolean): Promise<void> {
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('no instance');
      const seen = { id: instance._id, incarnation: incarnationOf(instance) };
      const work = { kind: 'uninstall-apps' as const, domain, seen, apps: [slug], purgeCode };
      const { jobId } = await enqueueJob(test.fleet, { work, tries: 2 });
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'uninstalled' });
    }

    const pageOf = async (domain: string, slug: string): Promise<string> => {
      const folder = join(test.storageRoot, domain, '.cozy_apps', slug, '1.0.0');
      return brotliDecompressSync(await readFile(join(folder, 'index.html.br'))).toString();
    };

    it('installs nothing beside the code of the other build', async () => {
      const domain = await made('rebuilt');
      expect(await install(domain, build('rebuilt', 'first'))).to.include({ outcome: 'installed' });
      await uninstall(domain, 'rebuilt', false);
      const jobId = await order(domain, [build('rebuilt', 'second')]);
      expect(errorOf(await test.ended(jobId))).to.contain('another build of rebuilt 1.0.0');
      expect((await progressOf(jobId)).apps?.[0]).to.include({ code: 'app_rebuilt', kind: 'final' });
      expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal([]);
      expect(await pageOf(domain, 'rebuilt')).to.equal('first');
    });

    it('installs it once the code of the other build is gone', async () => {
      const domain = await made('purged');
      await install(domain, build('purged', 'first'));
      await uninstall(domain, 'purged', false);
      await uninstall(domain, 'purged', true);
      expect(await install(domain, build('purged', 'second'))).to.include({ outcome: 'installed' });
      expect(await pageOf(domain, 'purged')).to.equal('second');
    });

    it('installs it over its own code', async () => {
      const domain = await made('same');
      const source = build('same', 'first');
      await install(domain, source);
      await uninstall(domain, 'same', false);
      expect(await install(domain, source)).to.include({ outcome: 'installed' });
    });
  });

  describe('with a creation', () => {
    it('comes when the instance is in use already', async () => {
      const domain = test.domain('new');
      let isBlocked: unknown;
      test.beforeStage('apps', async () => {
        isBlocked = (await test.instance(domain))?.blocked;
      });
      const { end } = await test.create({ domain, apps: 'agenda,waterbill' });
      expect(end).to.include({ state: 'done', outcome: 'created' });
      expect(isBlocked).to.equal(undefined);
      expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
    });

    it('leaves the instance in use when an application cannot be had', async () => {
      const domain = test.domain('partly');
      const { end } = await test.create({ domain, apps: 'nowhere' });
      expect(errorOf(end)).to.match(/^apps: application nowhere has not been installed/);
      expect(await test.instance(domain))
        .to.include({ password_defined: false })
        .and.not.have.property('blocked');
    });

    it('is made up for when the order was lost with Redis', async () => {
      const domain = test.domain('lost');
      await test.create({ domain });
      const { end } = await test.create({ domain, apps: 'agenda' });
      expect(end).to.include({ state: 'done', outcome: 'exists' });
      expect(await idsOf(domain, 'io.cozy.apps')).to.deep.equal(['io.cozy.apps/agenda']);
    });

    it('says for one that was there what could not be installed, as of an instance in use', async () => {
      const domain = test.domain('there');
      await test.create({ domain });
      const { end, jobId } = await test.create({ domain, apps: 'nowhere' });
      expect(errorOf(end)).to.match(/^apps: application nowhere/);
      const progress = await progressOf(jobId);
      expect(currentStage(progress, JOB_KINDS.create.stages)).to.equal('apps');
      expect(failedState('create', progress, 'apps')).to.equal('incomplete');
    });

    describe('that is tried again once its instance is in use', () => {
      let domain: string;
      let jobId: string;

      before(async () => {
        const made = await test.create({ domain: test.domain('mine'), apps: 'soon' }, 'correct horse');
        ({ domain, jobId } = made);
        expect(errorOf(made.end)).to.match(/^apps: /);
      });

      async function putInto(doctype: string, fields: (document: StoredDocument) => object): Promise<void> {
        const { prefix = '' } = (await test.instance(domain)) ?? {};
        for (const document of await test.documents(domain, doctype)) {
          const changed = { ...document, ...fields(document) };
          await test.server.putDocument(databaseName(prefix, doctype), changed);
        }
      }

      it('keeps no passphrase for that', async () => {
        const job = await test.fleet.queue.getJob(jobId);
        expect(JSON.stringify(job?.data)).not.to.contain('sealedPassphrase');
      });

      it('makes nothing of its owner’s anew', async () => {
        // Its owner has another passphrase and renamed a directory; a newer stack has other indexes.
        await putInto('io.cozy.settings', ({ _id }) =>
          _id.endsWith('bitwarden') ? { key: '0.new|new' } : {},
        );
        await putInto('io.cozy.contacts', ({ _id }) => (_id.startsWith('_design') ? { views: {} } : {}));
        await putInto('io.cozy.files', ({ path }) =>
          path === '/Photos' ? { path: '/Pictures', name: 'Pictures' } : {},
        );
        const root = join(test.storageRoot, domain);
        await rename(join(root, 'Photos'), join(root, 'Pictures'));
        const before = await readdir(root);
        registry.routes.set(latest('soon'), json(registryAnswer('agenda', registry.url, 'soon')));
        await retryJob(test.fleet, jobId);
        expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
        expect((await readdir(root)).sort()).to.deep.equal([...before, '.cozy_apps'].sort());
        const settings = await test.documents(domain, 'io.cozy.settings');
        expect(settings.find(({ _id }) => _id.endsWith('bitwarden'))?.['key']).to.equal('0.new|new');
        const { stages } = await progressOf(jobId);
        expect(stages.filter(({ tries }) => tries > 1).map(({ stage }) => stage)).to.deep.equal(['apps']);
      });
    });

    it('does not touch an instance that a stack has made', async () => {
      const domain = test.domain('theirs');
      await test.putInstance({ domain, prefix: `cozy${'b'.repeat(32)}` });
      const { end } = await test.create({ domain, apps: 'nowhere' });
      expect(end).to.include({ state: 'done', outcome: 'exists' });
    });
  });
});

describe('where applications are installed', () => {
  const INSTANCE = { _id: 'i', _rev: '1-a', domain: 'a.example.org', locale: 'en', password_defined: true };

  it('files are on disk', () => {
    expect(() => refuseUninstallable({ ...INSTANCE, fs_scheme: 'file' })).to.not.throw();
  });

  for (const [fields, code] of [
    [{ swift_cluster: 2 }, 'swift'],
    [{ fs_scheme: 's3' }, 'other_storage'],
  ] as const) {
    it(`files are not elsewhere: ${code}`, () => {
      expect(() => refuseUninstallable({ ...INSTANCE, ...fields }))
        .to.throw()
        .with.property('code', code);
    });
  }
});
