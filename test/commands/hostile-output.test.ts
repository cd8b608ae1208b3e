import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { limitConcurrency } from '../../src/jobs/queue/queue-controls.ts';
import { orderDrain } from '../../src/jobs/redis/drain-orders.ts';
import { beat } from '../../src/jobs/redis/worker-heartbeat.ts';
import { type CliPlatform, type Ran, spawnCommand, startPlatform } from '../support/cli-platform.ts';
import { putInstances } from '../support/put-instances.ts';
import { sampleBeat } from '../support/sample-batch.ts';
import { submit } from '../support/submit.ts';

/** A title, a bell, a command of one byte, a direction, what nobody sees, and a line break. */
const EVIL = 'x\u001b]0;pwned\u0007\u009b2J\u202e\u200b\u{e0041}\ry';
const EVIL_LINES = `${EVIL}\nFORGED`;

/** What steers a terminal or cannot be seen; line breaks and tabs are ours. */
const STEERING =
  /(?![\n\t])[\p{Cc}\u200b\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

describe('what others wrote', function () {
  this.timeout(240_000);

  let platform: CliPlatform;
  let couch: Server;
  let badCouch: string;
  let batch: string;
  let jobId: string;
  let file: string;

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [
      {
        domain: `${EVIL_LINES}.example.org`,
        locale: EVIL,
        context: EVIL_LINES,
        prefix: EVIL,
        blocked: true,
        blocking_reason: EVIL_LINES,
        domain_aliases: [`${EVIL}.other.example`],
      },
      { domain: 'zoe.example.org', context: EVIL, domain_aliases: [`${EVIL}.alias.example`] },
    ]);
    const names = ['--batch-name', EVIL_LINES, '--reason', EVIL_LINES];
    ({ batch } = await submit(platform, `a${EVIL}.csv`, ['domain', 'new.example.org'], '--async', ...names));
    const { redis, keys, queue } = platform.fleet;
    // As a worker reports it, of what a server answered.
    await redis.hset(
      keys.rows(batch),
      '2',
      `failed 1 ${JSON.stringify({ domain: EVIL_LINES, stage: 'register', code: EVIL, message: EVIL_LINES, jobId: 'x' })}`,
    );
    const [job] = await queue.getJobs(['waiting', 'prioritized', 'delayed']);
    jobId = job?.id ?? '';
    await redis.hset(keys.bull(jobId), 'failedReason', `${EVIL}: ${EVIL_LINES}`);
    const target = { name: EVIL_LINES, reason: EVIL_LINES };
    await beat(
      redis,
      keys,
      sampleBeat({
        ...{ id: EVIL, host: EVIL_LINES, waitsFor: EVIL_LINES, version: EVIL_LINES },
        jobs: [{ id: EVIL, kind: EVIL_LINES, domain: EVIL_LINES, since: 0 }],
        ...{ breakers: [target], unwell: [{ ...target, name: EVIL }] },
      }),
    );
    await orderDrain(redis, keys, EVIL, { by: EVIL_LINES, reason: EVIL_LINES, at: 0 });
    await limitConcurrency(platform.fleet, 3, { by: EVIL_LINES, reason: EVIL_LINES, at: 0 });
    file = await platform.write(`b${EVIL}.csv`, [`domain,${EVIL}`, `${EVIL}.example.org,${EVIL}`]);
    couch = createServer((_request, response) => {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: EVIL, reason: EVIL_LINES }));
    });
    couch.listen(0, '127.0.0.1');
    await once(couch, 'listening');
    const address = couch.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    badCouch = await platform.configure({ couchUrl: `http://127.0.0.1:${port}` });
  });

  after(async () => {
    couch.close();
    await platform.close();
  });

  /** Its bytes, as a terminal would get them. */
  async function said(argv: readonly string[], stdin?: string): Promise<Ran> {
    const { ended } = platform.spawn(argv, stdin);
    return await ended;
  }

  function expectHarmless({ stdout, stderr }: Ran): void {
    expect(stdout).not.to.match(STEERING);
    expect(stderr).not.to.match(STEERING);
    expect(`${stdout}${stderr}`).not.to.match(/^FORGED/m);
  }

  const lists: readonly (readonly string[])[] = [
    ['instances', 'ls'],
    ['instances', 'ls', '--fields', 'domain,locale,context,blocking_reason,domain_aliases'],
    ['instances', 'ls', '--json'],
    ['instances', 'show', 'zoe.example.org'],
    ['instances', 'show-db-prefix', 'zoe.example.org'],
    ['instances', 'count', '--context', EVIL],
    ['instances', 'fsck', '--all'],
    ['instances', 'fsck', '--orphans'],
    ['instances', 'repair', '--orphans', '--dry-run'],
    ['batches', 'ls'],
    ['workers', 'ls'],
    ['workers', 'ls', '--json'],
    ['workers', 'drain', EVIL],
    ['queues', 'stats'],
    ['queues', 'stats', '--json'],
    ['queues', 'rate', EVIL],
    ['jobs', 'ls'],
  ];
  for (const argv of lists) {
    it(`does not steer the terminal of ${argv.slice(0, 3).join(' ').replaceAll(EVIL, '…')}`, async () => {
      expectHarmless(await said(argv));
    });
  }

  it('does not steer the terminal of those who look at a batch or a job', async () => {
    const runs = [
      ['batches', 'show', batch, '--failed'],
      ['batches', 'show', batch, '--json'],
      ['batches', 'export', batch, '--format', 'ndjson'],
      ['batches', 'watch', batch, '--wait', '1s'],
      ['batches', 'retry', batch],
      ['batches', 'cancel', batch],
      ['jobs', 'show', jobId],
      ['jobs', 'show', jobId, '--json'],
      ['jobs', 'watch', jobId, '--wait', '1s'],
      ['jobs', 'retry', jobId],
      ['jobs', 'cancel', jobId],
    ];
    for (const argv of runs) expectHarmless(await said(argv));
  });

  const files: readonly (readonly string[])[] = [
    ['instances', 'add', '--dry-run', '--from'],
    ['instances', 'add', '--json', '--from'],
    ['instances', 'modify', '--locale', EVIL, '--from'],
    ['instances', 'destroy', '--from'],
    ['instances', 'install-apps', '--apps', EVIL, '--from'],
    ['batches', 'export', '--from'],
  ];
  for (const argv of files) {
    it(`does not steer the terminal of ${argv.slice(0, 2).join(' ')} from a file`, async () => {
      expectHarmless(await said([...argv, file]));
    });
  }

  const wrong: readonly (readonly string[])[] = [
    [`instances${EVIL}`],
    ['instances', `ls${EVIL_LINES}`],
    ['instances', 'ls', `--${EVIL}`],
    ['instances', 'ls', '--state', EVIL_LINES],
    ['instances', 'ls', '--json', `--${EVIL}`],
    ['instances', 'add', EVIL_LINES],
    ['instances', 'add', 'a.example.org', EVIL],
    ['instances', 'add', 'a.example.org', '--wait', EVIL],
    ['instances', 'show', EVIL_LINES],
    ['instances', 'auth-mode', 'zoe.example.org', EVIL],
    ['instances', 'set-disk-quota', 'zoe.example.org', EVIL],
    ['instances', 'set-passphrase', EVIL, '--passphrase-stdin'],
    ['instances', 'show-db-prefix', EVIL],
    ['instances', 'install-apps', 'zoe.example.org', '--apps', `https://${EVIL}/x`],
    ['jobs', 'show', EVIL_LINES],
    ['workers', 'start', '--concurrency', EVIL],
    ['up', `--${EVIL}`],
  ];
  for (const argv of wrong) {
    it(`does not steer the terminal of who typed it: ${JSON.stringify(argv).replaceAll(JSON.stringify(EVIL).slice(1, -1), '…')}`, async () => {
      const ran = await said(argv);
      expectHarmless(ran);
      expect(ran.exitCode).to.be.above(0);
    });
  }

  it('does not steer the terminal that asks before it destroys', async () => {
    expectHarmless(await said(['instances', 'destroy', '--context', EVIL], 'no\n'));
    expectHarmless(await said(['instances', 'destroy', 'zoe.example.org'], 'no\n'));
    expectHarmless(await said(['instances', 'modify', '--context', EVIL, '--blocked', 'true'], `${EVIL}\n`));
  });

  it('does not steer it where a server answers so, nor in the log of a worker', async () => {
    for (const argv of [
      ['instances', 'ls'],
      ['instances', 'add', 'a.example.org'],
      ['workers', 'start'],
      ['workers', 'start', '--log-format', 'json'],
    ]) {
      const ran = await spawnCommand([...argv, '--config', badCouch]).ended;
      expectHarmless(ran);
      expect(ran.exitCode).to.equal(1);
    }
  });

  it('does not steer it where a configuration or a directory has such a name', async () => {
    expectHarmless(await spawnCommand(['instances', 'ls', '--config', EVIL_LINES]).ended);
    expectHarmless(await spawnCommand(['up', '--config', EVIL_LINES]).ended);
  });
});
