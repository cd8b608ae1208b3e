import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { until } from '../../support/until.ts';

describe('jobs logs', () => {
  let platform: CliPlatform;

  before(async function () {
    this.timeout(60_000);
    platform = await startPlatform();
  });

  after(() => platform.close());

  async function queued(domain: string): Promise<void> {
    await platform.run('instances', 'add', domain, '--async');
  }

  it('shows the lines of a job with time, level, worker and message', async () => {
    await platform.startWorker();
    await platform.run('instances', 'add', 'alice.example.org');
    const { stdout, exitCode } = await platform.run('jobs', 'logs', 'alice.example.org');
    expect(stdout).to.match(/^\d{4}-\S+Z info {2}[\da-f]{8} - job done outcome=created ms=\d+ tries=1\n$/);
    expect(exitCode).to.equal(0);
  });

  it('shows one JSON object a line', async () => {
    const { stdout } = await platform.run('jobs', 'logs', 'alice.example.org', '--json');
    expect(JSON.parse(stdout)).to.include({ level: 'info', message: 'job done', outcome: 'created' });
  });

  it('leaves out what is less severe than wanted', async () => {
    const { stdout, exitCode } = await platform.run('jobs', 'logs', 'alice.example.org', '--level', 'warn');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 0 });
  });

  it('says so where there is no such job', async () => {
    const { stderr, exitCode } = await platform.run('jobs', 'logs', 'nobody.example.org');
    expect(stderr).to.include('no job is known');
    expect(exitCode).to.equal(2);
  });

  it('goes on until the job has ended', async () => {
    await platform.stopWorker();
    await queued('bob.example.org');
    const following = platform.run('jobs', 'logs', 'bob.example.org', '--follow');
    await platform.startWorker();
    const { stdout, exitCode } = await following;
    expect(stdout).to.include('job done');
    expect(exitCode).to.equal(0);
  });

  it('leaves at Ctrl-C, and says that the job goes on', async () => {
    await platform.stopWorker();
    await queued('carol.example.org');
    const { id = '' } = (await platform.fleet.queue.getPrioritized())[0] ?? {};
    await platform.fleet.queue.addJobLog(id, 'something', 200);
    const { child, stdout, ended } = platform.spawn(['jobs', 'logs', 'carol.example.org', '-f']);
    await until('it follows', async () => stdout() !== '');
    child.kill('SIGINT');
    expect(await ended).to.include({ exitCode: 130, stdout: '(a line that is none of ours)\n' });
  });
});
