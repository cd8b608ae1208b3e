import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

describe('batches', () => {
  let platform: CliPlatform;
  let batch: string;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    await platform.run('instances', 'add', 'zoe.example.org', '--email', 'zoe@example.org');
    const lines = ['domain,email', 'zoe.example.org,other@example.org', 'max.example.org,max@example.org'];
    ({ batch } = await submit(platform, 'school.csv', lines, '--reason', 'start of term'));
  });

  after(() => platform.close());

  it('show gives the facts, the counts, and failures by what went wrong', async () => {
    const { stdout, exitCode } = await platform.run('batches', 'show', batch);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/).filter((part) => part !== ''));
    expect(lines).to.deep.include.members([
      ['Batch', batch],
      ['Name', 'school.csv'],
      ['Reason', 'start of term'],
      ['State', 'partly failed'],
      ['done', '1'],
      ['failed', '1'],
      ['failed: taken', '1'],
    ]);
    expect(exitCode).to.equal(0);
  });

  it('show --failed lists the rows that failed', async () => {
    const { stdout } = await platform.run('batches', 'show', batch, '--failed');
    expect(stdout).to.contain(
      '\nzoe.example.org\tregister\t1\ttaken: zoe.example.org belongs to somebody else\n',
    );
    expect(stdout).not.to.contain('max.example.org');
  });

  it('show --errors counts what went wrong by stage and cause, with an example', async () => {
    const { stdout } = await platform.run('batches', 'show', batch, '--errors');
    expect(stdout).to.contain(
      '\n1 row at register: taken\n  such as line 2, zoe.example.org: zoe.example.org belongs to somebody else\n',
    );
    const { stdout: json } = await platform.run('batches', 'show', batch, '--errors', '--json');
    const { errors } = JSON.parse(json);
    expect(errors).to.have.length(1);
    expect(errors[0]).to.deep.include({ stage: 'register', code: 'taken', rows: 1 });
    expect(errors[0].example).to.include({ row: 2, domain: 'zoe.example.org' });
    expect(errors[0].example.advice).to.be.a('string').and.not.equal('');
  });

  it('show --state lists the rows of that state', async () => {
    const { stdout } = await platform.run('batches', 'show', batch, '--state', 'done', '--json');
    const { rows, failures } = JSON.parse(stdout);
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ domain: 'max.example.org', state: 'done', row: 3 });
    expect(failures).to.deep.equal({ taken: 1 });
  });

  it('print nothing of others that would steer the terminal', async () => {
    const hostile = 'a\u001b[2J\u009b1A\nb';
    const { batch: theirs } = await submit(
      platform,
      'theirs-too.csv',
      ['domain', 'zoe.example.org'],
      ...['--settings', 'email:other@example.org', '--batch-name', hostile, '--reason', hostile],
    );
    const said = [
      await platform.run('batches', 'show', theirs, '--failed'),
      await platform.run('batches', 'ls'),
      await platform.run('batches', 'watch', theirs),
      await platform.run('batches', 'show', theirs, '--json'),
      await platform.run('jobs', 'show', '\u001b[2J.example.org'),
      await platform.run('batches', 'show', '\u001b[2J'),
    ];
    for (const { stdout, stderr } of said) expect(`${stdout}${stderr}`).not.to.match(/(?![\n\t])\p{Cc}/u);
    const named = JSON.parse(said[3]?.stdout ?? '');
    expect(named.name).to.equal(hostile);
  });

  it('ls lists them', async () => {
    const { stdout } = await platform.run('batches', 'ls');
    const listed = stdout.split('\n').find((line) => line.startsWith(batch)) ?? '';
    expect(listed.split('\t').slice(0, 7)).to.deep.equal([batch, 'partly failed', '2', '1', '0', '0', '1']);
  });

  it('ls gives them with --json', async () => {
    const { stdout } = await platform.run('batches', 'ls', '--json');
    expect(JSON.parse(stdout)).to.have.length(2);
  });

  it('ls lists the columns that are asked for, in the order that is', async () => {
    const { stdout } = await platform.run('batches', 'ls', '--columns', 'total,batch', '--sort=-batch');
    const listed = (await platform.fleet.batches.list(9)).sort((a, b) => descending(a.id, b.id));
    expect(stdout.trim().split('\n')).to.deep.equal(listed.map(({ id, total }) => `${total}\t${id}`));
    const { stderr, exitCode } = await platform.run('batches', 'ls', '--sort', 'nothing');
    expect(stderr).to.include('there is no column "nothing"').and.include('There are batch, state,');
    expect(exitCode).to.equal(2);
  });

  it('watch sums up one that has ended, with its exit code', async () => {
    const { stdout, exitCode } = await platform.run('batches', 'watch', batch);
    expect(stdout).to.contain('ended: 1 created, 1 failed.');
    expect(exitCode).to.equal(68);
  });

  it('watch refuses one that is not there', async () => {
    expect(await platform.run('batches', 'watch', 'ZZZZZ')).to.include({ exitCode: 2, stdout: '' });
  });

  it('--max-failures stops the rest', async () => {
    await platform.stopWorker();
    const rows = Array.from({ length: 40 }, (_, at) => `zoe${at}.example.org`);
    await submit(
      platform,
      'theirs.csv',
      ['domain', ...rows],
      '--settings',
      'email:zoe@example.org',
      '--async',
    );
    await platform.startWorker();
    const [theirs] = await platform.fleet.batches.list(1);
    await platform.run('batches', 'watch', theirs?.id ?? '');
    const { counts, halt } = await submit(
      platform,
      'mine.csv',
      ['domain', ...rows],
      ...['--settings', 'email:other@example.org', '--max-failures', '0'],
    );
    expect(halt).to.equal('too-many-failures');
    expect(counts.cancelled).to.be.greaterThan(0);
  });
});

function descending(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
