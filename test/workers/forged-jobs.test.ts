import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import { newSealKey } from '../../src/jobs/fleet/seal.ts';
import { createSigner } from '../../src/jobs/fleet/signer.ts';
import { requestCancel } from '../../src/jobs/queue/cancellations.ts';
import { creation, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { retryJob } from '../../src/jobs/queue/retry-job.ts';
import { reconcile } from '../../src/workers/recovery/reconcile.ts';
import { payloadFor } from '../jobs/fixture.ts';
import { batchRow } from '../support/batch-row.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

/* What somebody does who reaches Redis and not CouchDB. */
describe('a job that no command of the fleet queued', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  /** Adds a job as any program can that speaks BullMQ's protocol. @returns its id */
  async function plant(data: unknown, jobId: string = randomUUID()): Promise<string> {
    const { queue, redis, keys } = test.fleet;
    const payload = payloadFor('planted.example.org');
    await queue.pause();
    await queue.add('create', test.fleet.signer.sign(jobId, payload), { jobId, attempts: 3 });
    await redis.hset(keys.bull(jobId), 'data', typeof data === 'string' ? data : JSON.stringify(data));
    await queue.resume();
    return jobId;
  }

  async function dataOf(jobId: string): Promise<Record<string, unknown>> {
    return JSON.parse((await test.fleet.redis.hget(test.fleet.keys.bull(jobId), 'data')) ?? '');
  }

  /** A signed creation that waits, since no worker runs. */
  async function waiting(name: string, passphrase?: string): Promise<{ domain: string; jobId: string }> {
    await test.stopWorker();
    const domain = test.domain(name);
    return { domain, jobId: await test.submit({ domain }, passphrase) };
  }

  async function batchOf(total: number): Promise<string> {
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total } as const;
    return await test.fleet.batches.create(about);
  }

  /** What the worker logged of refused jobs, by job. */
  function refusals(): Map<string, Record<string, unknown>> {
    const lines = test.logLines.map((line): Record<string, unknown> => JSON.parse(line));
    const refused = lines.filter(({ message }) => message === 'job refused');
    return new Map(refused.map((line) => [String(line['job']), line]));
  }

  async function destroyOf(domain: string) {
    const { _id: id, cli_secret: secret = '' } = (await test.instance(domain)) ?? { _id: '' };
    const seen = { id, incarnation: incarnationOf({ cli_secret: secret }) };
    const envelope = { v: 1, generation: 0, tries: 8 } as const;
    return { ...envelope, kind: 'destroy', domain, seen, skipAccounts: false, resume: true } as const;
  }

  it('destroys nothing, and is named in the log with its domain', async () => {
    const { domain } = await test.create({ domain: test.domain('victim') });
    const jobId = await plant(await destroyOf(domain));
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'forged' });
    expect((await test.instance(domain))?.deleting).to.equal(undefined);
    expect(await test.databases(domain)).to.not.have.length(0);
    await access(join(test.storageRoot, domain));
    expect(refusals().get(jobId)).to.include({ code: 'forged', domain, level: 'error' });
  });

  it('is refused when it is signed with the key of another fleet', async () => {
    const { domain } = await test.create({ domain: test.domain('other-fleet') });
    const jobId = randomUUID();
    await plant(createSigner(newSealKey()).sign(jobId, await destroyOf(domain)), jobId);
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'forged' });
    expect(await test.instance(domain)).to.not.equal(undefined);
  });

  for (const domain of ['../../../outside/forged', 'bob.example/', '.', 'a\0b.example.org']) {
    it(`makes no instance of the domain ${JSON.stringify(domain)}, and is told which field is wrong`, async () => {
      const { options, ...rest } = payloadFor('any.example.org');
      const jobId = await plant({ ...rest, options: { ...options, domain } });
      const end = await test.ended(jobId);
      expect(end).to.include({ state: 'failed', code: 'bad_payload' });
      expect(JSON.stringify(end)).to.include('options.domain');
      expect(refusals().get(jobId)).to.include({ code: 'bad_payload' });
    });
  }

  it('has its domain told without anything that steers a terminal', async () => {
    const jobId = await plant({ kind: 'destroy', domain: `\u001b[31m\u202e${'x'.repeat(1000)}` });
    await test.ended(jobId);
    const told = String(refusals().get(jobId)?.['domain']);
    expect(told).to.not.match(/[\p{Cc}\u202e]/u);
    expect(told).to.have.length.below(300);
  });

  it('takes no name, and does not end as somebody wants it cancelled', async () => {
    const domain = test.domain('free-name');
    await test.stopWorker();
    const jobId = await plant(payloadFor(domain));
    await requestCancel(test.fleet.redis, test.fleet.keys, jobId, 'root@ops');
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'forged' });
    expect(await test.fleet.redis.exists(test.fleet.keys.name(domain))).to.equal(0);
  });

  it('says nothing about the row of a batch that it names', async () => {
    await test.stopWorker();
    const batchId = await batchOf(1);
    const domain = test.domain('row');
    await enqueueRows(test.fleet, batchId, [{ ...creation(await test.request({ domain })), row: 1 }]);
    const batch = { id: batchId, row: 1 };
    const planted = [
      await plant({ ...payloadFor(test.domain('liar')), batch, generation: 7 }),
      await plant({ v: 1, kind: 'create', domain, outcome: 'created', batch }),
    ];
    const before = await batchRow(test.fleet.batches, batchId, 1);
    test.beforeStage('register', async () => {
      for (const jobId of planted) expect(await test.ended(jobId)).to.include({ code: 'forged' });
      expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({
        jobId: before?.jobId,
        state: 'active',
      });
    });
    await test.startWorker();
    await until(
      'the row is done',
      async () => (await batchRow(test.fleet.batches, batchId, 1))?.state === 'done',
    );
    expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({ domain, jobId: before?.jobId });
  });

  it('is no job to try again', async () => {
    const jobId = await plant(payloadFor(test.domain('again')));
    await test.ended(jobId);
    expect(await thrownBy(retryJob(test.fleet, jobId))).to.include({ code: 'forged' });
  });

  describe('but changed or copied', () => {
    it('does not run when its options were changed', async () => {
      const { domain, jobId } = await waiting('changed');
      const { options, ...rest } = payloadFor(domain);
      const { mac } = await dataOf(jobId);
      const data = { ...rest, mac, options: { ...options, locale: 'fr' } };
      await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'data', JSON.stringify(data));
      await test.startWorker();
      expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'forged' });
      expect(await test.instance(domain)).to.equal(undefined);
    });

    it('does not run under another id, and the first one does', async () => {
      const { domain, jobId } = await waiting('copied');
      const copy = await plant(await dataOf(jobId));
      await test.startWorker();
      expect(await test.ended(copy)).to.include({ state: 'failed', code: 'forged' });
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
      expect(await test.instance(domain)).to.not.equal(undefined);
    });

    it('gives nobody the passphrase of another', async () => {
      const { jobId } = await waiting('attacker', 'open sesame');
      const { sealedPassphrase } = await dataOf(jobId);
      const victim = test.domain('with-passphrase-of-another');
      const { options, ...rest } = payloadFor(victim);
      const data = { ...rest, sealedPassphrase, options: { ...options, hasPassphrase: true } };
      const forged = await plant(data);
      // Even if it could be signed, the seal is good for its own job only.
      const signedId = randomUUID();
      const signed = await plant(
        test.fleet.signer.sign(signedId, { ...data, sealedPassphrase: String(sealedPassphrase) }),
        signedId,
      );
      await test.startWorker();
      expect(await test.ended(forged)).to.include({ state: 'failed', code: 'forged' });
      expect(await test.ended(signed)).to.include({ state: 'failed', code: 'bad_seal' });
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
      expect(await test.instance(victim)).to.equal(undefined);
    });

    it('ends its own row as failed, with the reason', async () => {
      await test.stopWorker();
      const batchId = await batchOf(1);
      const domain = test.domain('own-row');
      await enqueueRows(test.fleet, batchId, [{ ...creation(await test.request({ domain })), row: 1 }]);
      const { jobId = '' } = (await batchRow(test.fleet.batches, batchId, 1)) ?? {};
      const data = { ...(await dataOf(jobId)), tries: 9 };
      await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'data', JSON.stringify(data));
      await test.startWorker();
      await test.ended(jobId);
      await reconcile(test.fleet);
      expect(await batchRow(test.fleet.batches, batchId, 1)).to.include({
        state: 'failed',
        code: 'forged',
        domain,
      });
      expect((await test.fleet.batches.get(batchId)).endedAt).to.be.a('number');
    });

    it('is not taken for done because somebody wrote an outcome into it', async () => {
      const { domain, jobId } = await waiting('outcome');
      const data = { v: 1, kind: 'create', domain, outcome: 'created' };
      await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'data', JSON.stringify(data));
      await test.startWorker();
      expect(await test.ended(jobId)).to.include({ state: 'failed', code: 'forged' });
    });

    it('may be tried again: how often that was is not signed', async () => {
      const { jobId } = await waiting('generation');
      const { redis, keys } = test.fleet;
      await redis.hset(keys.bull(jobId), 'data', JSON.stringify({ ...(await dataOf(jobId)), generation: 3 }));
      await test.startWorker();
      expect(await test.ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    });
  });

  describe('does not keep the worker from others', () => {
    for (const [what, data] of [
      ['no JSON', '{"v":'],
      ['null', 'null'],
      ['a number', '7'],
      ['nested without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ] as const) {
      it(`when its payload is ${what}`, async () => {
        await plant(data);
        const { end } = await test.create({ domain: test.domain(`beside-${what.replaceAll(' ', '-')}`) });
        expect(end).to.include({ state: 'done', outcome: 'created' });
      });
    }

    for (const [what, progress] of [
      ['no JSON', '{"stages":'],
      ['of another form', '{"stages":[{"stage":"../..","state":"done"}],"incarnation":7}'],
      [
        'nothing but a claim that all is done',
        '{"stages":[{"stage":"register","state":"done","startedAt":1,"tries":1,"generation":0}],"incarnation":"0123456789abcdef"}',
      ],
    ] as const) {
      it(`when its progress is ${what}, and is refused all the same`, async () => {
        await test.stopWorker();
        const jobId = await plant(payloadFor(test.domain('with-progress')));
        await test.fleet.redis.hset(test.fleet.keys.bull(jobId), 'progress', progress);
        await test.startWorker();
        const { end } = await test.create({ domain: test.domain('beside-progress') });
        expect(end).to.include({ state: 'done' });
        expect(await test.instance(test.domain('with-progress'))).to.equal(undefined);
      });
    }
  });
});
