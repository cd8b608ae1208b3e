import { expect } from 'chai';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { domainOf } from '../../../src/jobs/kinds/payload.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';
import { until } from '../../support/until.ts';

describe('batches retry', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  /** A batch with a row that failed because somebody had the domain; it is free again by now. */
  async function batchWithFailure(domain: string): Promise<string> {
    await platform.run('instances', 'add', domain, '--email', 'first@example.org');
    const lines = ['domain,email', `${domain},second@example.org`, `good-${domain},x@example.org`];
    const { batch, counts } = await submit(platform, 'failing.csv', lines);
    expect(counts).to.include({ failed: 1, done: 1 });
    const [instance] = await findByNames(platform.server, [domain]);
    if (instance === undefined) throw new Error('it was not made');
    // The identity is what the row wants by now.
    const database = databaseName(instance.prefix ?? '', 'io.cozy.settings');
    const settings = await platform.server.getDocument(database, 'io.cozy.settings.instance');
    if (settings === undefined) throw new Error('it has no settings');
    await platform.server.putDocument(database, { ...settings, email: 'second@example.org' });
    return batch;
  }

  it('queues the failed rows again and returns at once', async () => {
    const batch = await batchWithFailure('a.example.org');
    const { stdout, exitCode } = await platform.run('batches', 'retry', batch);
    expect(stdout).to.equal(`1 queued again\nWatch it: cozy-fleet batches watch ${batch}\n`);
    expect(exitCode).to.equal(0);
    expect(await platform.run('batches', 'watch', batch)).to.include({ exitCode: 0 });
  });

  for (const [code, near] of [
    ['app_unreachabl', ' Did you mean app_unreachable?'],
    ['nosuch', ''],
  ] as const) {
    it(`refuses the code ${code}, which no error has`, async () => {
      const { stdout, exitCode } = await platform.run('batches', 'retry', 'ANY', '--error', code, '--json');
      const { error } = JSON.parse(stdout);
      expect(error).to.include({ code: 'bad_filter' });
      expect(error.message).to.contain(`no error has the code "${code}"`);
      expect(JSON.stringify(error)).to.contain(near.trim());
      expect(exitCode).to.equal(2);
    });
  }

  it('follows the batch with --watch', async () => {
    const batch = await batchWithFailure('b.example.org');
    const { stdout, exitCode } = await platform.run('batches', 'retry', batch, '--watch');
    expect(stdout).to.contain('ended: 1 created, 1 skipped (already there).');
    expect(exitCode).to.equal(0);
  });

  it('refuses a row for whose domain a newer job is known, and says so', async () => {
    const batch = await batchWithFailure('c.example.org');
    await platform.run('instances', 'add', 'c.example.org', '--email', 'third@example.org');
    const { stdout, stderr, exitCode } = await platform.run('batches', 'retry', batch);
    expect(stdout).to.equal('0 queued again, 1 refused\n');
    expect(stderr).to.match(/^line 2: c\.example\.org: not queued again: .*is not the latest/);
    expect(exitCode).to.equal(1);
  });

  it('queues an organization’s own instance before its members, wherever it is in the file', async () => {
    await platform.stopWorker();
    const members = Array.from({ length: 40 }, (_, at) => `m${at}.retry.org,acme,m${at}@b.org,M`);
    const lines = ['domain,org-id,email,public-name', ...members, 'acme.retry.org,acme,acme@b.org,Acme'];
    const file = await platform.write('organization.csv', lines);
    const { stdout } = await platform.run('instances', 'add', '--from', file, '--async', '--json');
    const { batch } = JSON.parse(stdout);
    await platform.run('batches', 'cancel', batch);
    await platform.startWorker();
    await until(
      'all are cancelled',
      async () => (await platform.fleet.batches.get(batch)).counts.cancelled === 41,
    );
    await platform.stopWorker();

    await platform.run('batches', 'retry', batch);
    const [first, ...others] = await platform.fleet.queue.getJobs(['prioritized'], 0, -1, true);
    expect(others).to.have.length(40);
    expect(first && domainOf(first.data)).to.equal('acme.retry.org');
    await platform.startWorker();
    expect(await platform.run('batches', 'watch', batch)).to.include({ exitCode: 0 });
  });

  it('never has the job of somebody else tried again', async () => {
    await platform.stopWorker();
    const busy = ['instances', 'add', 'd.example.org', '--locale', 'fr', '--async', '--json'];
    const { jobId } = JSON.parse((await platform.run(...busy)).stdout);
    const { batch, counts } = await submit(
      platform,
      'busy.csv',
      ['domain', 'd.example.org'],
      '--wait',
      '10s',
    );
    expect(counts.failed).to.equal(1);
    await platform.run('jobs', 'cancel', jobId);
    await platform.startWorker();
    await platform.run('jobs', 'watch', jobId);
    const { stdout, stderr } = await platform.run('batches', 'retry', batch);
    expect(stdout).to.equal('0 queued again, 1 refused\n');
    expect(stderr).to.contain('submit the file again');
    expect(await (await platform.fleet.queue.getJob(jobId))?.isFailed()).to.equal(true);
  });

  it('takes the rows that stopped so, and no other', async () => {
    const { fleet } = platform;
    await platform.stopWorker();
    const lines = ['domain', 'c1.org', 'c2.org', 'c3.org'];
    const { stdout } = await platform.run(
      'instances',
      'add',
      '--from',
      await platform.write('causes.csv', lines),
      '--async',
      '--json',
    );
    const { batch } = JSON.parse(stdout);
    await platform.run('batches', 'cancel', batch);
    await platform.startWorker();
    const count = async () => (await fleet.batches.get(batch)).counts.cancelled;
    await until('all are cancelled', async () => (await count()) === 3);
    await platform.stopWorker();
    // One of them for another cause.
    const row = { batchId: batch, row: 3, domain: 'c2.org', generation: 0, attempt: 9 };
    await fleet.batches.report({ ...row, state: 'failed', stage: 'finish', code: 'taken' });

    const dry = await platform.run('batches', 'retry', batch, '--error', 'cancelled', '--dry-run');
    expect(dry.exitCode).to.equal(10);
    expect(dry.stdout)
      .to.match(/^2 rows would be queued again\n/)
      .and.not.contain('c2.org');
    const nothing = await platform.run('batches', 'retry', batch, '--stage', 'apps', '--dry-run', '--json');
    expect(nothing.exitCode).to.equal(0);
    expect(JSON.parse(nothing.stdout)).to.include({ wouldQueue: 0 });

    const again = await platform.run('batches', 'retry', '--use-most-recent', '--error', 'cancelled');
    expect(again).to.include({ stdout: `2 queued again\nWatch it: cozy-fleet batches watch ${batch}\n` });
    expect((await fleet.batches.get(batch)).counts).to.include({ waiting: 2, failed: 1 });
  });

  it('names the flag where no batch is named', async () => {
    for (const command of ['retry', 'show', 'watch', 'cancel', 'export']) {
      const { stderr, exitCode } = await platform.run('batches', command);
      expect(exitCode, command).to.equal(2);
      expect(stderr, command).to.contain('--use-most-recent');
    }
    const both = await platform.run('batches', 'show', 'ABCDE', '--use-most-recent');
    expect(both.exitCode).to.equal(2);
  });
});
