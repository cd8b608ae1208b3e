import { expect } from 'chai';
import { CouchError } from '../../../src/couchdb/errors.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { requestCancel } from '../../../src/jobs/queue/cancellations.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('finishing an instance', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function reservation(domain: string): Promise<StoredInstance> {
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} is not reserved`);
    return found;
  }

  /** Another life of the domain in the place of the one under way. */
  async function replace(domain: string): Promise<StoredInstance> {
    const { _rev, ...fields } = await reservation(domain);
    const other = { ...fields, cli_secret: Buffer.alloc(128, 7).toString('base64') };
    return { ...other, _rev: await test.server.putDocument(INSTANCES, { ...other, _rev }) };
  }

  /** Names and documents of everything below the domain's prefix. */
  async function everything(domain: string): Promise<unknown[]> {
    const names = await test.databases(domain);
    return await Promise.all(
      names.map(async (name) => [name, (await test.server.allDocuments(name, {})).map(({ id }) => id)]),
    );
  }

  it('fails when a stack made the same domain meanwhile, and takes only our reservation away', async () => {
    const domain = test.domain('second-owner');
    let other: StoredInstance | undefined;
    let before: unknown[] = [];
    test.beforeStage('finish', async () => {
      other = await test.putInstance({ domain, prefix: prefixOf(domain), register_token: 'x' });
      before = await everything(domain);
    });
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'second_owner' });
    expect(await test.instance(domain)).to.deep.equal(other);
    expect(before).to.have.length(16);
    expect(await everything(domain)).to.deep.equal(before);
  });

  it('fails when another instance took one of the aliases meanwhile', async () => {
    const [domain, alias, other] = [test.domain('loses'), test.domain('contested'), test.domain('wins')];
    test.beforeStage('finish', async () => {
      await test.putInstance({ domain: other, domain_aliases: [alias], prefix: prefixOf(other) });
    });
    const { end } = await test.create({ domain, 'domain-aliases': alias });
    expect(end).to.include({ state: 'failed', code: 'second_owner' });
    expect(await test.instance(domain)).to.equal(undefined);
    expect(await test.instance(other))
      .to.have.property('domain_aliases')
      .that.deep.equals([alias]);
  });

  it('never puts back a reservation that was taken away', async () => {
    const domain = test.domain('gone');
    test.beforeStage('finish', async () => {
      const { _id, _rev } = await reservation(domain);
      await test.server.deleteDocument(INSTANCES, _id, _rev);
    });
    expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'superseded' });
    expect(await test.instance(domain)).to.equal(undefined);
  });

  it('touches nothing of another life of the domain that took its place', async () => {
    const domain = test.domain('replaced');
    let other: StoredInstance | undefined;
    test.beforeStage('finish', async () => {
      other = await replace(domain);
    });
    expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'superseded' });
    expect(await test.instance(domain)).to.deep.equal(other);
  });

  it('goes on when its reservation was merely touched', async () => {
    const domain = test.domain('touched');
    test.beforeStage('finish', async () => {
      await test.server.putDocument(INSTANCES, await reservation(domain));
    });
    expect((await test.create({ domain })).end).to.include({ state: 'done', outcome: 'created' });
    expect(await test.instance(domain)).to.have.property('register_token');
  });

  it('ends as cancelled when that is asked for while it waits for what is missing', async () => {
    const domain = test.domain('waits');
    test.beforeStage('finish', async () => {
      await test.server.deleteDatabase(databaseName(prefixOf(domain), 'io.cozy.files'));
    });
    const jobId = await test.submit({ domain });
    await until('it looks for what is missing', async () => {
      const job = await test.fleet.queue.getJob(jobId);
      return readProgress(job?.progress).stages.at(-1)?.stage === 'finish';
    });
    await requestCancel(test.fleet.redis, test.fleet.keys, jobId, 'root@ops');
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'cancelled' });
  });

  it('fails when a database is missing, and another try makes what is missing', async () => {
    const domain = test.domain('incomplete');
    test.beforeStage('finish', async () => {
      await test.server.deleteDatabase(databaseName(prefixOf(domain), 'io.cozy.files'));
    });
    const { end, jobId } = await test.create({ domain });
    expect(end).to.include({ state: 'failed', code: 'incomplete' });
    expect(JSON.stringify(end)).to.include('io.cozy.files');
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    const documents = await test.documents(domain, 'io.cozy.files');
    expect(documents.filter(({ _id }) => _id.startsWith('_design/'))).to.have.length(11);
    expect(documents.filter(({ type }) => type === 'directory')).to.have.length(6);
  });

  it('blocks the instance where that was asked for', async () => {
    const domain = test.domain('blocked');
    await test.create({ domain, 'blocking-reason': 'UNKNOWN' });
    expect(await test.instance(domain)).to.include({ blocked: true, blocking_reason: 'UNKNOWN' });
    expect(await test.instance(domain)).to.have.property('register_token');
  });

  it('lets an owner in without a welcome where that was asked for', async () => {
    const domain = test.domain('welcomed');
    await test.create({ domain, oidc_id: `oidc-${domain}`, 'onboarding-finished': 'true' });
    expect(await test.instance(domain)).to.include({ onboarding_finished: true, password_defined: false });
  });

  describe('after a try that failed', () => {
    const conflict = () =>
      new CouchError(test.server.host, 'made to fail', { status: 409, error: 'conflict', reason: '' });

    it('goes on with the same instance', async () => {
      const domain = test.domain('again');
      let first: StoredInstance | undefined;
      test.beforeStage('indexes', async () => {
        first = await reservation(domain);
        throw conflict();
      });
      const { end, jobId } = await test.create({ domain });
      expect(end).to.include({ state: 'done', outcome: 'created' });
      expect((await reservation(domain)).cli_secret).to.equal(first?.cli_secret);
      const { stages } = Object((await test.fleet.queue.getJob(jobId))?.progress);
      const tries = stages.map(({ stage, tries }: { stage: string; tries: number }) => `${stage} ${tries}`);
      expect(tries).to.include.members(['register 1', 'databases 1', 'indexes 2', 'finish 1']);
    });

    it('ends as superseded where another life of the domain is there, and touches nothing', async () => {
      const domain = test.domain('superseded');
      let other: StoredInstance | undefined;
      let before: unknown[] = [];
      test.beforeStage('indexes', async () => {
        other = await replace(domain);
        before = await everything(domain);
        throw conflict();
      });
      const { end } = await test.create({ domain });
      expect(end).to.include({ state: 'failed', code: 'superseded' });
      expect(await test.instance(domain)).to.deep.equal(other);
      expect(await everything(domain)).to.deep.equal(before);
    });

    it('ends as superseded where nothing of it is there any more', async () => {
      const domain = test.domain('vanished');
      test.beforeStage('indexes', async () => {
        const { _id, _rev } = await reservation(domain);
        await test.server.deleteDocument(INSTANCES, _id, _rev);
        throw conflict();
      });
      expect((await test.create({ domain })).end).to.include({ state: 'failed', code: 'superseded' });
      expect(await test.instance(domain)).to.equal(undefined);
    });
  });
});
