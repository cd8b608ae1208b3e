import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';
import { until } from '../../support/until.ts';

describe('batches cancel', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  afterEach(() => platform.stopWorker());

  after(() => platform.close());

  it('passes over what waits, and retry goes on with it', async () => {
    const { batch } = await submit(
      platform,
      'a.csv',
      ['domain', 'a1.example.org', 'a2.example.org'],
      '--async',
    );
    const { stdout, exitCode } = await platform.run('batches', 'cancel', batch);
    expect(stdout).to.contain('0 running rows').and.contain('2 waiting rows are passed over');
    expect(exitCode).to.equal(0);

    await platform.startWorker();
    const watched = await platform.run('batches', 'watch', batch);
    expect(watched.stdout).to.contain('ended: 0 created, 2 cancelled.');
    expect(watched.exitCode).to.equal(1);

    const retried = await platform.run('batches', 'retry', batch, '--watch');
    expect(retried.stdout).to.contain('ended: 2 created.');
    expect(retried.exitCode).to.equal(0);
  });

  it('stops rows that run', async () => {
    const rows = Array.from({ length: 60 }, (_, at) => `b${at}.example.org`);
    const { batch } = await submit(platform, 'b.csv', ['domain', ...rows], '--async');
    await platform.startWorker();
    await until('one is done', async () => (await platform.fleet.batches.get(batch)).counts.done > 0);
    await platform.run('batches', 'cancel', batch);
    const { stdout, exitCode } = await platform.run('batches', 'watch', batch);
    expect(stdout).to.match(/ended: \d+ created, \d+ cancelled\./);
    expect(exitCode).to.equal(68);
  });

  it('leaves a batch that is told to be held still when it is tried again after its canary', async () => {
    await platform.startWorker();
    const file = await platform.write('canary.csv', ['domain', 'k1.example.org', 'k2.example.org']);
    const added = await platform.run(
      'instances',
      'add',
      '--from',
      file,
      '--async',
      '--canary',
      '1',
      '--json',
    );
    const { batch } = JSON.parse(added.stdout);
    await platform.run('batches', 'cancel', batch);
    await platform.run('batches', 'watch', batch);
    const { stdout } = await platform.run('batches', 'retry', batch);
    expect(stdout).to.contain(`Let it go on:  cozy-fleet batches resume ${batch}\n`);
  });

  it('refuses a batch that has ended', async () => {
    await platform.startWorker();
    const { batch } = await submit(platform, 'c.csv', ['domain', 'c.example.org']);
    const { stderr, exitCode } = await platform.run('batches', 'cancel', batch);
    expect(stderr).to.contain('has ended');
    expect(exitCode).to.equal(1);
  });

  it('ends a batch whose submission was cut short', async () => {
    const { batches } = platform.fleet;
    const id = await batches.create({ kind: 'create', name: 'cut', reason: '', by: 'me', total: 5 });
    await batches.report({ batchId: id, row: 2, domain: 'x', state: 'done', generation: 0, attempt: 1 });
    await platform.run('batches', 'cancel', id);
    expect(await batches.get(id)).to.include({ total: 1 });
    expect(await platform.run('batches', 'watch', id)).to.include({ exitCode: 0 });
  });
});
