import { expect } from 'chai';
import type { Progress, StageRecord } from '../../../src/jobs/queue/progress.ts';
import { openJobLog } from '../../../src/workers/run/job-log.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { capturingLog } from '../../support/test-log.ts';

describe('the log of a job whose stages run side by side', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  /** The stages that lines name while these run. */
  async function stagesOf(...running: readonly StageRecord['stage'][]): Promise<unknown[]> {
    const { fleet } = test;
    const job = await fleet.queue.getJob(await test.submit({ domain: test.domain('together') }));
    if (job === undefined) throw new Error('the job is not there');
    const { options } = await test.request({ domain: test.domain('together') });
    const record = { state: 'running', startedAt: 1, tries: 1, generation: 0 } as const;
    const progress: Progress = { stages: running.map((stage) => ({ stage, ...record })) };
    const payload = { v: 1, kind: 'create', options, generation: 0, tries: 1 } as const;
    const lines: string[] = [];
    const log = openJobLog(
      { log: capturingLog(lines), queue: fleet.queue },
      { job, token: 'token', payload },
      { id: job.id ?? '', progress },
    );
    log.debug('stage done', { stage: 'settings', ms: 1 });
    log.debug('job taken up');
    await job.remove();
    return lines.map((line) => JSON.parse(line).stage);
  }

  it('names the stage that a line names itself, and else the one that a failure would be told of', async () => {
    expect(await stagesOf('indexes', 'directories', 'settings')).to.deep.equal(['settings', 'indexes']);
  });
});
