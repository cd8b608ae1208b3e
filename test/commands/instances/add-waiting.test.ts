import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { until } from '../../support/until.ts';

describe('instances add without a worker', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  afterEach(() => platform.stopWorker());

  after(() => platform.close());

  it('says how to start one, and that the work goes on when --wait runs out', async () => {
    const { stdout, stderr, exitCode } = await platform.run(
      'instances',
      'add',
      'a.example.org',
      '--wait',
      '100ms',
    );
    expect(exitCode).to.equal(69);
    expect(stdout).to.equal('Creating instance for domain "a.example.org": please wait...\n');
    expect(stderr).to.match(
      /No worker is running.*cozy-fleet workers start\n.*Watch it: cozy-fleet jobs watch \S+\n$/s,
    );
  });

  it('says so with --json as well', async () => {
    const { stdout, exitCode } = await platform.run(
      'instances',
      'add',
      'b.example.org',
      '--wait',
      '100ms',
      '--json',
    );
    expect(JSON.parse(stdout)).to.include({ domain: 'b.example.org', outcome: 'running' });
    expect(exitCode).to.equal(69);
  });

  it('joins the job that creates it already', async () => {
    const { jobId } = JSON.parse(
      (await platform.run('instances', 'add', 'c.example.org', '--async', '--json')).stdout,
    );
    const second = platform.spawn(['instances', 'add', 'c.example.org']);
    await until('it has joined', () => second.stderr().includes(`Job ${jobId} is creating it already.`));
    await platform.startWorker();
    const { stdout, exitCode } = await second.ended;
    expect(stdout).to.contain('Instance created with success for domain c.example.org');
    expect(exitCode).to.equal(0);
  });

  it('says that the batch is held whose row it joins, and how to let it go on', async () => {
    const file = await platform.write('held.csv', ['domain', 'h.example.org', 'i.example.org']);
    const added = await platform.run('instances', 'add', '--from', file, '--async', '--json');
    const { batch: id } = JSON.parse(added.stdout);
    await platform.run('batches', 'pause', id, '--reason', 'lunch');
    const joined = await platform.run('instances', 'add', 'i.example.org', '--async');
    expect(joined.stderr).to.match(
      new RegExp(
        `It is row 3 of batch ${id}, and waits with it\\.\nHeld: paused by .*: lunch\\.\n.*cozy-fleet batches resume ${id}\n`,
      ),
    );
    const watched = await platform.run('jobs', 'watch', 'i.example.org', '--wait', '100ms');
    expect(watched.stderr).to.contain(`cozy-fleet batches resume ${id}`);
  });

  it('is busy where another job holds the name', async () => {
    const first = await platform.run('instances', 'add', 'd.example.org', '--async', '--json');
    const { jobId } = JSON.parse(first.stdout);
    const { stderr, exitCode } = await platform.run('instances', 'add', 'd.example.org', '--locale', 'fr');
    expect(stderr).to.contain(`Error: busy: job ${jobId} is creating d.example.org`);
    expect(exitCode).to.equal(1);
  });

  it('goes on after Ctrl-C', async () => {
    const command = platform.spawn(['instances', 'add', 'e.example.org']);
    await until('it waits', () => command.stderr().includes('No worker is running'));
    command.child.kill('SIGINT');
    const { stderr, exitCode } = await command.ended;
    expect(exitCode).to.equal(130);
    const jobId = /The creation goes on\. Watch it: cozy-fleet jobs watch (\S+)/.exec(stderr)?.[1] ?? '';
    await platform.startWorker();
    expect(await platform.run('jobs', 'watch', jobId)).to.include({ exitCode: 0 });
  });

  it('leaves no clear passphrase in Redis', async () => {
    const file = await platform.write('pass.csv', ['domain,passphrase', 'f.example.org,Tr0ub4dor&3']);
    await platform.run('instances', 'add', '--from', file, '--async');
    await platform.run('instances', 'add', 'g.example.org', '--passphrase', 'Tr0ub4dor&3', '--async');
    const { redis } = platform.fleet;
    const dumps = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)));
    for (const dump of dumps) expect(dump?.includes('Tr0ub4dor')).not.to.equal(true);
  });
});
