import { expect } from 'chai';
import { creation, enqueueRows } from '../../../src/jobs/queue/enqueue.ts';
import { findJob } from '../../../src/operations/jobs/find-job.ts';
import { type JobState, jobFacts } from '../../../src/operations/jobs/job-facts.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

describe('what is told of a job', () => {
  let test: TestFleet;

  before(async () => {
    test = await startTestFleet({ worker: false });
  });

  after(() => test.close());

  async function queued(domain: string, progress: object, after?: [string]): Promise<void> {
    const { fleet } = test;
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 1 } as const;
    const id = await fleet.batches.create(about);
    const { work, ...rest } = creation(await test.request({ domain }));
    await enqueueRows(fleet, id, [{ ...rest, work: { ...work, ...(after && { after }) }, row: 1 }]);
    const { id: jobId = '' } = await findJob(fleet, domain);
    await fleet.redis.hset(fleet.keys.bull(jobId), 'progress', JSON.stringify(progress));
  }

  const factsOf = async (domain: string, state: JobState) =>
    jobFacts(await findJob(test.fleet, domain), state);

  it('is what it comes after, as long as it has not ended', async () => {
    const [domain, first] = [test.domain('member'), test.domain('own')];
    await queued(domain, { stages: [] }, [first]);
    expect(await factsOf(domain, 'retrying')).to.deep.include({ after: [first] });
    expect(await factsOf(domain, 'failed')).not.to.have.property('after');
  });

  it('is why its last try ended, and on which host it waits, as long as it comes again', async () => {
    const domain = test.domain('waits');
    const why = { code: 'export_place', message: '/srv is not there', advice: 'Mount it.' };
    await queued(domain, { stages: [], failedTry: { ...why, waitsOn: 'school-2' } });
    expect(await factsOf(domain, 'retrying')).to.include({
      lastError: 'export_place: /srv is not there\nMount it.',
      waitsOn: 'school-2',
    });
    expect(await factsOf(domain, 'failed')).not.to.have.any.keys('lastError', 'waitsOn');
  });
});
