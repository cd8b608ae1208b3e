import { expect } from 'chai';
import { jobLines } from '../../src/cli/jobs/job-texts.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import type { InstanceChanges } from '../../src/instances/options/changes.ts';
import type { JobSpec } from '../../src/jobs/kinds/payload.ts';
import { enqueueJob, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { type ExportedRow, exportBatch } from '../../src/operations/batches/export-batch.ts';
import { jobFacts } from '../../src/operations/jobs/job-facts.ts';
import { batchRow } from '../support/batch-row.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { startToldRecorder, type ToldRecorder } from '../support/told-recorder.ts';
import { until } from '../support/until.ts';

describe('a modification', () => {
  let test: TestFleet;
  let recorder: ToldRecorder;
  let domain: string;

  before(async () => {
    recorder = await startToldRecorder();
    const { commonSettings, clouderies } = recorder;
    test = await startTestFleet({ configure: (config) => ({ ...config, commonSettings, clouderies }) });
    domain = test.domain('told');
    await test.create({ domain, uuid: 'u1', email: 'a@corp.example', 'public-name': 'Al Ice' });
  });

  after(async () => {
    await test.close();
    await recorder.close();
  });

  async function modify(changes: InstanceChanges): Promise<unknown> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('there is no instance');
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'modify', domain, seen, changes } as const;
    const { jobId } = await enqueueJob(test.fleet, { work, tries: 8 });
    return await test.ended(jobId);
  }

  it('tells the services that the worker has configured', async () => {
    recorder.taken();
    expect(await modify({ settings: { email: 'b@corp.example' } })).to.include({ outcome: 'modified' });
    const [nickname] = domain.split('.');
    expect(recorder.taken().map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      'PUT /cloudery/api/v1/instances/u1?source=stack',
      `GET /api/admin/user/settings/${nickname}`,
      `PUT /api/admin/user/settings/${nickname}`,
    ]);
    expect(await test.instance(domain)).to.include({ common_settings_version: 2 });
  });

  it('ends well where they fail, and says so in its log', async () => {
    recorder.failing.set('/', 500);
    expect(await modify({ settings: { email: 'c@corp.example' } })).to.include({ outcome: 'modified' });
    const lines = test.logLines.filter((line) => line.includes('a service was not told of a change'));
    expect(lines).to.have.lengthOf(2);
    expect(lines.join('')).not.to.match(/token/);
  });

  describe('as a row of a batch', () => {
    /** A batch of one change, with its id, once it has ended. */
    async function modified(phone: string, apps?: string[]): Promise<string> {
      const { fleet } = test;
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('there is no instance');
      const seen = { id: instance._id, incarnation: incarnationOf(instance) };
      const change = { domain, seen, changes: { settings: { phone } } };
      const work: JobSpec =
        apps === undefined ? { kind: 'modify', ...change } : { kind: 'modify-and-install', ...change, apps };
      const about = { kind: work.kind, name: 'one', reason: '', by: 'root@ops', total: 1 };
      const id = await fleet.batches.create(about);
      await enqueueRows(fleet, id, [{ row: 1, tries: 1, work }]);
      await until('the batch has ended', async () => (await fleet.batches.get(id)).endedAt !== undefined);
      return id;
    }

    async function factsOf(batch: string) {
      const row = await batchRow(test.fleet.batches, batch, 1);
      const job = await test.fleet.queue.getJob(row?.jobId ?? '');
      if (job === undefined) throw new Error('there is no job');
      return jobFacts(job, 'done');
    }

    async function exportedFrom(batch: string): Promise<ExportedRow[]> {
      const rows: ExportedRow[] = [];
      for await (const row of exportBatch(test.fleet.batches, test.server, 'https', batch)) rows.push(row);
      return rows;
    }

    it('leaves with its job and its row which service was not told', async () => {
      recorder.failing.clear();
      recorder.failing.set('/cloudery', 503);
      const batch = await modified('+33100000001');
      const facts = await factsOf(batch);
      expect(facts.untold).to.deep.equal([{ service: 'Cloudery', problem: 'it answered 503' }]);
      expect(jobLines(facts, false).join('\n')).to.match(/Not told +Cloudery \(it answered 503\)/);
      expect(await exportedFrom(batch)).to.deep.equal([
        { domain, status: 'modified', error: 'not told: Cloudery (it answered 503)' },
      ]);
      expect(await test.fleet.batches.get(batch)).to.include({ untold: 1 });
    });

    it('leaves it as well where applications are missing besides', async () => {
      recorder.failing.clear();
      recorder.failing.set('/cloudery', 503);
      const batch = await modified('+33100000003', ['file:///nowhere']);
      const [row] = await exportedFrom(batch);
      expect(row).to.include({ domain, status: 'incomplete', errorStage: 'apps' });
      expect(row?.error).to.match(/^apps: .*; not told: Cloudery \(it answered 503\)$/);
      expect(await test.fleet.batches.get(batch)).to.include({ untold: 1 });
    });

    it('leaves nothing where all were told', async () => {
      recorder.failing.clear();
      const batch = await modified('+33100000002');
      expect(await factsOf(batch)).not.to.have.property('untold');
      expect(await exportedFrom(batch)).to.deep.equal([{ domain, status: 'modified' }]);
      expect(await test.fleet.batches.get(batch)).to.include({ untold: 0 });
    });
  });

  it('has a creation of which a service was not told say so', async () => {
    recorder.failing.clear();
    recorder.failing.set('/', 503);
    const { jobId, end } = await test.create({ domain: test.domain('untold'), email: 'd@corp.example' });
    recorder.failing.clear();
    expect(end).to.include({ state: 'done' });
    const job = await test.fleet.queue.getJob(jobId);
    const facts = job && jobFacts(job, 'done');
    expect(facts?.untold).to.deep.equal([{ service: 'common settings', problem: 'it answered 503' }]);
  });
});
