import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { readProgress } from '../../../src/jobs/queue/progress.ts';
import { retryJob } from '../../../src/jobs/queue/retry-job.ts';
import { type ArchiveStack, startArchiveStack } from '../../support/archive-stack.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';

describe('a job that exports', () => {
  const suite = new Cleanup();
  let stack: ArchiveStack;
  let test: TestFleet;
  let to: string;

  before(async () => {
    stack = suite.add(await startArchiveStack(() => test.server), (each) => each.close());
    const configure = (config: TestFleet['config']) => ({ ...config, stackAdmin: stack.admin });
    test = suite.add(await startTestFleet({ configure }), (each) => each.close());
    to = suite.add(await temporaryDirectory('archives'), (each) => each.remove()).path;
  });

  after(() => suite.run());

  async function made(name: string): Promise<StoredInstance> {
    const { domain } = await test.create({ domain: test.domain(name) });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} was not made`);
    return found;
  }

  async function order({ domain, _id: id, ...instance }: StoredInstance, directory = to): Promise<string> {
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'export', domain, seen, to: directory } as const;
    return (await enqueueJob(test.fleet, { work, tries: 1 })).jobId;
  }

  it('says where the archive is, and what is in it', async () => {
    const instance = await made('told');
    await stack.putFile(instance, 'a.txt', 'hello');
    const jobId = await order(instance);
    const end = await test.ended(jobId);
    expect(end).to.include({ state: 'done', outcome: 'exported' });
    const { archive } = readProgress((await test.fleet.queue.getJob(jobId))?.progress);
    expect(archive).to.include({ files: 1, versions: 0, parts: 1 });
    expect(archive?.directory.startsWith(join(to, instance.domain))).to.equal(true);
    expect(end).to.deep.include({ archive });
  });

  it('has nothing to do where the instance has not changed since', async () => {
    const instance = await made('unchanged');
    await test.ended(await order(instance));
    expect(await test.ended(await order(instance))).to.include({ outcome: 'already-exported' });
    expect(await readdir(join(to, instance.domain))).to.have.length(1);
  });

  it('keeps the instance as it is', async () => {
    const instance = await made('kept');
    await test.ended(await order(instance));
    expect(await test.instance(instance.domain)).to.deep.equal(instance);
  });

  it('looks again when an operator has it tried again', async () => {
    const instance = await made('retried');
    const id = await stack.putFile(instance, 'a.txt', 'hello');
    stack.faults.lost.add(id);
    const jobId = await order(instance);
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'export_incomplete' });
    stack.faults.lost.clear();
    await retryJob(test.fleet, jobId);
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'exported' });
  });

  it('waits for a worker that has the directory, and spends no try on it', async () => {
    const instance = await made('placeless');
    const directory = join(to, 'mounted-later');
    const jobId = await order(instance, directory);
    const job = () => test.fleet.queue.getJob(jobId);
    await until('it waits for its directory', async () => Boolean(await (await job())?.isDelayed()));
    await mkdir(directory);
    await (await job())?.promote();
    expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'exported' });
  });

  it('leaves another life of the domain alone', async () => {
    const instance = await made('lives');
    const asked = stack.asked.length;
    const jobId = await order({ ...instance, cli_secret: 'AAAA' });
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'superseded' });
    expect(stack.asked).to.have.length(asked);
  });

  for (const [state, fields] of [
    ['deleting', { deleting: true }],
    ['provisioning', { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' }],
  ] as const) {
    it(`is refused where the instance is ${state}`, async () => {
      const { register_token: _token, ...instance } = await made(state);
      const changed = { ...instance, ...fields };
      const rev = await test.server.putDocument(INSTANCES, changed);
      expect(await test.ended(await order({ ...changed, _rev: rev }))).to.include({
        state: 'failed',
        code: state,
      });
    });
  }
});

describe('a job that exports where no stack is configured', () => {
  it('says what has to be configured', async () => {
    const test = await startTestFleet();
    try {
      const { domain } = await test.create({ domain: test.domain('alone') });
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error('it was not made');
      const seen = { id: instance._id, incarnation: incarnationOf(instance) };
      const work = { kind: 'export', domain, seen, to: '/srv' } as const;
      const { jobId } = await enqueueJob(test.fleet, { work, tries: 1 });
      // Another worker may know one.
      await until('it waits for another worker', async () =>
        Boolean(await (await test.fleet.queue.getJob(jobId))?.isDelayed()),
      );
      expect(test.logLines.join('\n')).to.include('no_stack_admin');
    } finally {
      await test.close();
    }
  });
});
