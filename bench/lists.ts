// Lists of 50,000 jobs: what each asks of Redis, how long it takes, and what the index costs in memory.
//
//   node --import=tsx bench/lists.ts [rows]
import { performance } from 'node:perf_hooks';
import { fence } from '../src/jobs/batches/row-state.ts';
import { openFleet } from '../src/jobs/fleet/fleet.ts';
import { newSealKey } from '../src/jobs/fleet/seal.ts';
import { placeOf } from '../src/jobs/index/place.ts';
import { creation, enqueueJob, enqueueRows } from '../src/jobs/queue/enqueue.ts';
import { failuresOf } from '../src/operations/batches/failure-counts.ts';
import { prepareJobs } from '../src/operations/jobs/act-on-jobs.ts';
import { ANY_JOB, type JobFilter } from '../src/operations/jobs/job-filter.ts';
import { listJobs } from '../src/operations/jobs/list-jobs.ts';
import { sampleOptions } from '../test/instances/sample-options.ts';
import { withKey } from '../test/support/keyed-fleet.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { startRedisServer } from '../test/support/redis-server.ts';

const ROWS = Number(process.argv[2] ?? 49_000);
const SINGLES = 1_000;
const CHUNK = 500;
const CODES = ['taken', 'couchdb', 'lost', 'storage'];

const server = await startRedisServer({
  settings: ['--slowlog-log-slower-than', '20000', '--latency-tracking', 'yes'],
});
const fleet = withKey(
  await openFleet({ redis: redisAt(server.url), prefix: 'fleet', role: 'worker' }),
  newSealKey(),
);
const { redis, keys, batches } = fleet;

const request = (domain: string) => creation({ options: sampleOptions({ domain }), tries: 8 });

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

async function fill(rows: number): Promise<string> {
  const id = await batches.create({ kind: 'create', name: 'x', reason: '', by: 'me', total: rows });
  for (let from = 1; from <= rows; from += CHUNK) {
    const count = Math.min(CHUNK, rows - from + 1);
    const chunk = Array.from({ length: count }, (_, at) => ({
      ...request(`user${from + at}.${(from + at) % 10 === 0 ? 'school' : 'home'}.example.org`),
      row: from + at,
    }));
    await enqueueRows(fleet, id, chunk);
  }
  return id;
}

/** Ends some of the rows as if workers had. */
async function failSome(id: string, every: number): Promise<number> {
  let failed = 0;
  for await (const { row, jobId = '', domain } of batches.rows(id)) {
    if (row % every !== 0) continue;
    const code = CODES[failed % CODES.length] ?? '';
    const report = { batchId: id, row, domain, jobId, generation: 0, attempt: 1, code, stage: 'register' };
    await batches.report({ ...report, state: 'failed' });
    await redis
      .multi()
      .hset(keys.bull(jobId), { finishedOn: Date.now(), failedReason: `${code}: made to fail` })
      .zrem(keys.bull('prioritized'), jobId)
      .zadd(keys.bull('failed'), Date.now(), jobId)
      .exec();
    failed += 1;
  }
  return failed;
}

/** Runs something, and says what it cost Redis. */
async function measured(name: string, work: () => Promise<string>): Promise<void> {
  await redis.config('RESETSTAT');
  await redis.slowlog('RESET');
  const begun = performance.now();
  const what = await work();
  const ms = performance.now() - begun;
  const stats = await redis.info('commandstats');
  const lines = [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+),usec=(\d+),usec_per_call=([\d.]+)/g)]
    .filter(([, command = '']) => !/config|slowlog|info/.test(command))
    .map(([, command, calls, , each]) => `${command} ${calls} (${Math.round(Number(each))} us)`);
  const bytes = Number(/total_net_output_bytes:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const slow = await redis.slowlog('LEN');
  console.log(
    `${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms  ${(bytes / 1024).toFixed(0).padStart(6)} kB  slow ${slow}  ${what}; ${lines.join(', ')}`,
  );
}

async function list(filter: Partial<JobFilter>, limit = 50): Promise<string> {
  let jobs = 0;
  for await (const _ of listJobs(fleet, { ...ANY_JOB, ...filter }, { limit })) jobs += 1;
  return `${jobs} jobs`;
}

try {
  const empty = await usedMemory();
  const id = await fill(ROWS);
  const queued = await usedMemory();
  console.log(`a waiting row: ${((queued - empty) / ROWS).toFixed(0)} bytes in all`);
  for (let at = 0; at < SINGLES; at += 1) await enqueueJob(fleet, request(`single${at}.example.org`));
  const withSingles = await usedMemory();
  const index = Number(await redis.memory('USAGE', `${keys.index}:create:waiting::`, 'SAMPLES', '0'));
  console.log(
    `a single job: ${((withSingles - queued) / SINGLES).toFixed(0)} bytes, ${(index / SINGLES).toFixed(0)} of them in the index`,
  );
  const beforeFailures = await usedMemory();
  const failed = await failSome(id, 10);
  const causes = (await redis.keys(`${keys.counts(id)}:failed:*`)).map((key) =>
    redis.memory('USAGE', key, 'SAMPLES', '0'),
  );
  const inCauses = (await Promise.all(causes)).reduce<number>((sum, each) => sum + Number(each), 0);
  console.log(
    `a failed row: ${(((await usedMemory()) - beforeFailures) / failed).toFixed(0)} bytes more, ${(inCauses / failed).toFixed(0)} of them for its cause`,
  );
  const all = await redis.keys(`${keys.index}*`);
  console.log(`keys of the index: ${all.length}`);

  await measured('jobs ls', () => list({}));
  await measured('jobs ls --batch', () => list({ batch: id }));
  await measured('jobs ls --kind create', () => list({ kinds: ['create'] }));
  await measured('jobs ls --kind destroy', () => list({ kinds: ['destroy'] }));
  await measured('jobs ls --state waiting', () => list({ states: ['waiting'] }));
  await measured('jobs ls --state failed', () => list({ states: ['failed'] }));
  await measured('jobs ls --state active', () => list({ states: ['active'] }));
  await measured('jobs ls --stage register', () => list({ stages: ['register'] }));
  await measured('jobs ls --error taken', () => list({ codes: ['taken'] }));
  await measured('jobs ls --error taken --state failed --batch', () =>
    list({ batch: id, codes: ['taken'], states: ['failed'] }),
  );
  await measured('jobs ls --domain "*.school.*"', () => list({ domain: '*.school.*' }));
  await measured('jobs ls --domain "nobody*" (all)', () => list({ domain: 'nobody*' }));
  await measured('batches show', async () => {
    const { byCode } = await failuresOf(batches, await batches.get(id));
    return `${byCode.length} causes`;
  });
  await measured('jobs retry --error taken --dry-run', async () => {
    const { total } = await prepareJobs(fleet, 'retry', { ...ANY_JOB, codes: ['taken'] }, Date.now());
    return `${total} jobs`;
  });
  await measured('jobs cancel --state waiting --dry-run', async () => {
    const { total } = await prepareJobs(fleet, 'cancel', { ...ANY_JOB, states: ['waiting'] }, Date.now());
    return `${total} jobs`;
  });
  await measured('1,000 moves of a single job', async () => {
    const jobId = (await enqueueJob(fleet, request('moved.example.org'))).jobId;
    for (let at = 1; at <= 1_000; at += 1) {
      await fleet.index.move(jobId, placeOf('create', at % 2 ? 'active' : 'waiting'), fence(0, at, 'active'));
    }
    return 'done';
  });
} finally {
  await fleet.close();
  await server.close();
}
