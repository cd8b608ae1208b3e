import { expect } from 'chai';
import type { HistoryLine } from '../../../src/operations/instances/instance-history.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

describe('instances history', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  async function historyOf(domain: string): Promise<HistoryLine[]> {
    const { stdout } = await platform.run('instances', 'history', domain, '--json');
    return JSON.parse(stdout).entries;
  }

  it('tells of jobs and direct changes who, why, what and how it ended, latest first, past the end', async () => {
    const domain = 'ann.example.org';
    const run = (...argv: string[]) => platform.run('instances', ...argv);
    await run('add', domain, '--email', 'ann@example.org', '--reason', 'joined');
    await run('modify', domain, '--locale', 'fr', '--public-name', 'Ann', '--reason', 'asked by mail');
    await run('modify', domain, '--locale', 'fr');
    await run('set-disk-quota', domain, '5GB', '--reason', 'paid');
    await run('auth-mode', domain, 'two_factor_mail');
    await run('set-passphrase', domain, 'correct horse', '--reason', 'forgotten');
    await run('destroy', domain, '--force', '--reason', 'left');
    const entries = await historyOf(domain);
    expect(entries.map(({ what, state, reason, fields }) => [what, state, reason, fields])).to.deep.equal([
      ['destroy', 'done', 'left', undefined],
      ['passphrase', 'done', 'forgotten', undefined],
      ['modify', 'done', undefined, ['authMode']],
      ['modify', 'done', 'paid', ['diskQuota']],
      ['modify', 'skipped', undefined, ['locale']],
      ['modify', 'done', 'asked by mail', ['locale', 'settings.public_name']],
      ['create', 'done', 'joined', undefined],
    ]);
    expect(entries.every(({ by = '' }) => /^\S+@\S+$/.test(by))).to.equal(true);
    expect(entries[0]?.jobId).to.be.a('string');
  });

  it('names the batch of a row, and why it failed', async () => {
    await platform.run('instances', 'add', 'zoe.example.org', '--email', 'zoe@example.org');
    const lines = ['domain,email', 'zoe.example.org,other@example.org'];
    const { batch } = await submit(platform, 'h.csv', lines, '--reason', 'start of term');
    const [latest] = await historyOf('zoe.example.org');
    expect(latest).to.deep.include({
      what: 'create',
      state: 'failed',
      code: 'taken',
      reason: 'start of term',
      batch: { id: batch, row: 2 },
    });
    await platform.run('batches', 'retry', batch, '--watch', '--reason', 'try once more');
    const [again, asked] = await historyOf('zoe.example.org');
    expect(again).to.deep.include({ what: 'create', state: 'failed' });
    expect(asked).to.deep.include({ what: 'retry', state: 'asked', reason: 'try once more' });
    const { stdout } = await platform.run('batches', 'show', batch);
    expect(stdout).to.match(/^Retried +by \S+@\S+: try once more$/m);
  });

  it('shows lines, the latest of them with --limit, and says where nothing is known', async () => {
    const { stdout } = await platform.run('instances', 'history', 'ann.example.org', '--limit', '1');
    expect(stdout).to.match(/^\S+Z\tdestroy\tdone\t\S+@\S+\tleft\t\t[\w-]+\t\n$/);
    const { stdout: none, stderr, exitCode } = await platform.run('instances', 'history', 'no.example.org');
    expect([none, stderr, exitCode]).to.deep.equal(['', 'Nothing is known of no.example.org.\n', 0]);
  });

  it('has nothing of a passphrase or a value', async () => {
    const { redis, keys } = platform.fleet;
    const kept = await redis.lrange(keys.history('ann.example.org'), 0, -1);
    expect(kept.join()).not.to.match(/correct horse|ann@|5000000000/);
  });

  it('refuses a reason that is too long, before anything is done', async () => {
    const before = await platform.everything();
    const reason = 'x'.repeat(501);
    const { exitCode, stderr } = await platform.run('instances', 'add', 'x.example.org', '--reason', reason);
    expect(exitCode).to.equal(2);
    expect(stderr).to.include('a reason may have 500 characters, and this one has 501');
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('is told by jobs show, too', async () => {
    const { stdout } = await platform.run('jobs', 'show', 'ann.example.org');
    expect(stdout).to.match(/^Reason +left$/m);
  });
});
