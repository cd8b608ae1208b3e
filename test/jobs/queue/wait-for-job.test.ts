import { UnrecoverableError } from 'bullmq';
import { expect } from 'chai';
import type { KeyedFleet } from '../../../src/jobs/fleet/fleet.ts';
import type { Progress } from '../../../src/jobs/queue/progress.ts';
import { type JobEnd, readJobEnd, waitForJob } from '../../../src/jobs/queue/wait-for-job.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

describe('waiting for a job', () => {
  let test: TestQueue;
  let fleet: KeyedFleet;

  before(async () => {
    test = await startTestQueue();
    fleet = test.fleet;
  });

  after(() => test.close());

  const progress: Progress = { stages: [], incarnation: '0123456789abcdef' };

  /** Ends a job as a worker does: first what is left of its payload, then its place. */
  async function complete(outcome: 'created' | 'exists'): Promise<void> {
    const job = await test.start();
    await job.updateProgress({ ...progress });
    const ended = { v: 1, kind: 'create', domain: 'x.org', outcome } as const;
    await job.updateData(fleet.signer.sign(job.id ?? '', ended));
    await job.moveToCompleted(outcome, 'token', false);
  }

  it('answers what it came to and for which life of the domain', async () => {
    const { id = '' } = await test.add(payloadFor('done.org'));
    await complete('exists');
    const end = { state: 'done', outcome: 'exists', incarnation: progress.incarnation };
    expect(await waitForJob(fleet, id, { signal: AbortSignal.timeout(5_000) })).to.deep.equal(end);
  });

  it('answers why it failed', async () => {
    const { id = '' } = await test.failed(payloadFor('failed.org'));
    const end = await waitForJob(fleet, id, { signal: AbortSignal.timeout(5_000) });
    expect(end).to.include({ state: 'failed', code: 'internal', message: 'made to fail' });
  });

  it('answers that it is gone', async () => {
    const end = await waitForJob(fleet, 'nobody', { signal: AbortSignal.timeout(5_000) });
    expect(end).to.deep.equal({ state: 'gone' });
  });

  it('answers that it still runs when nobody waits any longer, having told of its progress', async () => {
    const job = await test.add(payloadFor('runs.org'));
    await job.updateProgress({ ...progress });
    const seen: Progress[] = [];
    const end = await waitForJob(fleet, job.id ?? '', {
      signal: AbortSignal.timeout(150),
      onProgress: (value) => void seen.push(value),
    });
    expect(end).to.deep.equal({ state: 'running', progress });
    expect(seen[0]).to.deep.equal(progress);
    await job.remove();
  });

  it('never mixes up what it was with what it came to, however close the look', async () => {
    const other = await test.another();
    async function look(id: string): Promise<JobEnd> {
      for (;;) {
        const end = await readJobEnd(other, id);
        if (end.state !== 'running') return end;
      }
    }
    for (let round = 0; round < 60; round += 1) {
      const { id = '' } = await test.add(payloadFor(`round${round}.org`));
      if (round % 2 === 0) {
        const [end] = await Promise.all([look(id), complete('exists')]);
        expect(end).to.include({ outcome: 'exists', incarnation: progress.incarnation });
      } else {
        const job = await test.start();
        const failing = job.moveToFailed(new UnrecoverableError('taken: by somebody'), 'token', false);
        const [end] = await Promise.all([look(id), failing]);
        expect(end).to.include({ state: 'failed', code: 'taken' });
      }
    }
  });
});
