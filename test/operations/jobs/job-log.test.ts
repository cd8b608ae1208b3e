import { expect } from 'chai';
import { PassingError } from '../../../src/errors.ts';
import { MOST_JOB_LINES } from '../../../src/jobs/queue/job-lines.ts';
import { readJob } from '../../../src/jobs/queue/read-job.ts';
import {
  followJobLog,
  type LoggedLine,
  linesAfter,
  readJobLog,
} from '../../../src/operations/jobs/job-log.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { until } from '../../support/until.ts';

describe('the log of a job', () => {
  let test: TestFleet;

  before(async function () {
    this.timeout(60_000);
    test = await startTestFleet();
  });

  after(() => test.close());

  const log = (jobId: string) => readJobLog(test.fleet, jobId);
  const messages = (lines: readonly LoggedLine[]) =>
    lines.map((line) => (line === 'unreadable' ? line : line.message));
  const keyOf = (jobId: string) => test.fleet.keys.bull(`${jobId}:logs`);

  async function failOnce(name: string): Promise<string> {
    test.beforeStage('databases', () => {
      throw new PassingError('storage', 'made to fail');
    });
    const { jobId, end } = await test.create({ domain: test.domain(name) });
    expect(end).to.include({ state: 'done' });
    return jobId;
  }

  it('is one line where all went well', async () => {
    const { jobId } = await test.create({ domain: test.domain('well') });
    const [line, ...others] = await log(jobId);
    expect(line).to.include({ level: 'info', message: 'job done', outcome: 'created', tries: 1 });
    expect(others).to.deep.equal([]);
  });

  it('takes few bytes of Redis, and none of what the job itself says', async () => {
    const { jobId, domain } = await test.create({ domain: test.domain('small') });
    const [raw = '', ...others] = await test.fleet.redis.lrange(keyOf(jobId), 0, -1);
    expect(others).to.have.length(0);
    expect(raw.length).to.be.below(200);
    expect(raw).not.to.include(domain);
  });

  it('tells of each try that failed, by the worker, the stage and the code, and of the next one', async () => {
    const jobId = await failOnce('again');
    const lines = await log(jobId);
    expect(messages(lines)).to.deep.equal(['job failed a try', 'job taken up again', 'job done']);
    expect(lines[0]).to.include({
      level: 'warn',
      stage: 'databases',
      code: 'storage',
      error: 'made to fail',
    });
    expect(lines[0])
      .to.have.property('worker')
      .that.matches(/^[\da-f-]{36}$/);
  });

  it('names the worker of each line where several ran it', async () => {
    await test.stopWorker();
    test.beforeStage('databases', () => void test.stopWorker());
    const jobId = await test.submit({ domain: test.domain('several') });
    await test.startWorker();
    await until(
      'it was handed back',
      async () => (await test.fleet.queue.getActiveCount()) === 0 && (await log(jobId)).length > 0,
    );
    await test.startWorker();
    await test.ended(jobId);
    const workers = (await log(jobId)).map((line) => (line === 'unreadable' ? line : line.worker));
    expect(new Set(workers).size).to.equal(2);
  });

  it('goes when the job goes', async () => {
    const { jobId } = await test.create({ domain: test.domain('removed') });
    const job = await readJob(test.fleet.queue, jobId);
    if (job === undefined || job === 'unreadable') throw new Error('the job is not there');
    await job.remove();
    expect(await test.fleet.redis.exists(keyOf(jobId))).to.equal(0);
  });

  it('keeps the newest lines, and no more than that', async () => {
    const { jobId } = await test.create({ domain: test.domain('capped') });
    for (let at = 0; at < MOST_JOB_LINES; at += 1) {
      await test.fleet.queue.addJobLog(jobId, `${at}`, MOST_JOB_LINES);
    }
    expect(await log(jobId)).to.have.length(MOST_JOB_LINES);
    expect(messages(await log(jobId))).not.to.include('job done');
  });

  it('shows lines that strangers wrote as such', async () => {
    const { jobId } = await test.create({ domain: test.domain('strangers') });
    const strange = [
      'no JSON',
      '[]',
      '{"time":"now","level":"info","message":"x"}',
      `"${'x'.repeat(10_000)}"`,
    ];
    await test.fleet.redis.rpush(keyOf(jobId), ...strange);
    expect(messages(await log(jobId))).to.deep.equal(['job done', ...strange.map(() => 'unreadable')]);
    await test.fleet.redis.set(keyOf(jobId), 'of another type');
    expect(await log(jobId)).to.deep.equal([]);
  });

  it('does not fail a job where it cannot be written', async () => {
    await test.stopWorker();
    const jobId = await test.submit({ domain: test.domain('unwritable') });
    await test.fleet.redis.set(keyOf(jobId), 'of another type');
    await test.startWorker();
    expect(await test.ended(jobId)).to.include({ state: 'done' });
  });

  it('is followed until the job has ended', async () => {
    await test.stopWorker();
    const jobId = await test.submit({ domain: test.domain('followed') });
    const seen: LoggedLine[] = [];
    const followed = (async () => {
      for await (const line of followJobLog(test.fleet, jobId, new AbortController().signal)) seen.push(line);
    })();
    test.beforeStage('databases', () => {
      throw new PassingError('storage', 'made to fail');
    });
    await test.startWorker();
    await followed;
    expect(messages(seen)).to.deep.equal(['job failed a try', 'job taken up again', 'job done']);
  });

  it('is followed no more once the signal says so', async () => {
    await test.stopWorker();
    const jobId = await test.submit({ domain: test.domain('left') });
    const seen: LoggedLine[] = [];
    for await (const line of followJobLog(test.fleet, jobId, AbortSignal.abort())) seen.push(line);
    expect(seen).to.deep.equal([]);
    await test.startWorker();
  });
});

describe('what is new of a list', () => {
  const cases: readonly (readonly [what: string, before: string, now: string, added: string])[] = [
    ['all, of one that was empty', '', 'ab', 'ab'],
    ['nothing, of one that stayed', 'ab', 'ab', ''],
    ['its end', 'ab', 'abcd', 'cd'],
    ['its end, where the oldest have gone', 'abcd', 'cdef', 'ef'],
    ['all, where nothing stayed', 'ab', 'cd', 'cd'],
    ['nothing, of one that was emptied', 'ab', '', ''],
    ['its end, where lines are equal', 'aaa', 'aaaa', 'a'],
  ];
  for (const [what, before, now, added] of cases) {
    it(`is ${what}`, () => {
      expect(linesAfter(Array.from(before), Array.from(now))).to.deep.equal(Array.from(added));
    });
  }
});
