import { expect } from 'chai';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { JobSpec } from '../../src/jobs/kinds/payload.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { readProgress } from '../../src/jobs/queue/progress.ts';
import { readJob } from '../../src/jobs/queue/read-job.ts';
import type { JobEnd } from '../../src/jobs/queue/wait-for-job.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';

describe('a change that is followed by an installation', () => {
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

  async function made(name: string): Promise<string> {
    const { domain, end } = await test.create({ domain: test.domain(name), locale: 'en' });
    expect(end).to.include({ state: 'done' });
    return domain;
  }

  async function run(
    domain: string,
    changes: Extract<JobSpec, { kind: 'modify-and-install' }>['changes'],
    apps: string[],
  ): Promise<JobEnd & { readonly jobId: string }> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'modify-and-install', domain, seen, changes, apps } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 1 });
    return { ...(await test.ended(jobId)), jobId };
  }

  async function appsOf(domain: string): Promise<string[]> {
    const rows = await test.server.allDocuments(databaseName(prefixOf(domain), 'io.cozy.apps'), {});
    return rows.map(({ id }) => id).filter((id) => !id.startsWith('_design/'));
  }

  it('does both, one after the other', async () => {
    const domain = await made('both');
    const { jobId, ...end } = await run(domain, { locale: 'fr' }, ['agenda']);
    expect(end).to.deep.include({ state: 'done', outcome: 'brought-up' });
    expect(await test.instance(domain)).to.include({ locale: 'fr' });
    expect(await appsOf(domain)).to.deep.equal(['io.cozy.apps/agenda']);
    const job = await readJob(test.fleet.queue, jobId);
    if (job === undefined || job === 'unreadable') throw new Error('the job is gone');
    expect(readProgress(job.progress).stages.map(({ stage }) => stage)).to.deep.equal(['modify', 'apps']);
  });

  it('does nothing where all is so', async () => {
    const domain = await made('same');
    await run(domain, { locale: 'fr' }, ['agenda']);
    const before = await test.instance(domain);
    const end = await run(domain, { locale: 'fr' }, ['agenda']);
    expect(end).to.include({ state: 'done', outcome: 'as-it-was' });
    expect(await test.instance(domain)).to.deep.equal(before);
  });

  it('leaves an instance that is changed and lacks an application as one in use', async () => {
    const domain = await made('lacking');
    const end = await run(domain, { locale: 'fr' }, ['agenda', 'nowhere']);
    expect(end).to.include({ state: 'failed', code: 'apps' });
    expect(await test.instance(domain)).to.include({ locale: 'fr' });
    expect(await appsOf(domain)).to.deep.equal(['io.cozy.apps/agenda']);
  });

  it('installs nothing where the change is refused', async () => {
    const domain = await made('refused');
    const other = await made('other');
    const end = await run(domain, { aliases: [other] }, ['agenda']);
    expect(end).to.include({ state: 'failed', code: 'taken' });
    expect(await appsOf(domain)).to.deep.equal([]);
  });

  it('changes nothing on which nothing could be installed', async () => {
    const domain = await made('elsewhere');
    const instance = await test.instance(domain);
    await test.server.putDocument('global/instances', {
      ...instance,
      _id: instance?._id ?? '',
      fs_scheme: 's3',
    });
    const end = await run(domain, { locale: 'fr' }, ['agenda']);
    expect(end).to.include({ state: 'failed', code: 'other_storage' });
    expect(await test.instance(domain)).to.include({ locale: 'en' });
  });
});
