import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

describe('batches pause, resume and set', () => {
  let platform: CliPlatform;
  let files = 0;

  before(async () => {
    platform = await startPlatform();
    await platform.run('instances', 'add', 'taken.example.org', '--async');
  });

  afterEach(() => platform.stopWorker());

  after(() => platform.close());

  /** Rows of a file that nobody else has. */
  function lines(rows: number): string[] {
    files += 1;
    const file = files;
    return ['domain', ...Array.from({ length: rows }, (_, at) => `s${file}-${at + 1}.example.org`)];
  }

  async function queued(rows: number, ...argv: string[]): Promise<string> {
    const { batch } = await submit(platform, `s${files}.csv`, lines(rows), '--async', ...argv);
    return batch;
  }

  /** Label and value of each line. */
  async function shown(batch: string): Promise<Map<string, string>> {
    const { stdout } = await platform.run('batches', 'show', batch);
    return new Map(stdout.split('\n').map((line) => [line.slice(0, 16).trim(), line.slice(17)] as const));
  }

  it('a batch that is paused says who and why wherever it is shown, and goes on', async () => {
    const batch = await queued(2);
    const paused = await platform.run('batches', 'pause', batch, '--reason', 'backup');
    expect(paused.stdout).to.contain('is paused').and.contain(`cozy-fleet batches resume ${batch}`);
    const again = await platform.run('batches', 'pause', batch);
    expect(again.stdout).to.match(/was paused already, by \S+@\S+ on .*: backup/);
    expect(again.exitCode).to.equal(0);

    expect((await shown(batch)).get('State')).to.equal('held');
    expect((await shown(batch)).get('Held')).to.match(/^paused by \S+@\S+ on .*: backup$/);
    expect((await platform.run('batches', 'ls')).stdout).to.match(new RegExp(`^${batch}\\s+held\\s`, 'm'));
    const { stdout } = await platform.run('jobs', 'show', `s${files}-1.example.org`);
    expect(stdout).to.match(/^State +held$/m);

    await platform.startWorker();
    const watched = await platform.run('batches', 'watch', batch, '--wait', '1500ms');
    expect(watched.stderr).to.contain('Held: paused by').and.contain(`batches resume ${batch}`);
    expect(watched.stdout).to.contain('so far: 0 created').and.contain('Held: paused by');
    expect(watched.exitCode).to.equal(69);

    const resumed = await platform.run('batches', 'resume', batch);
    expect(resumed.stdout).to.contain(`Batch ${batch} is paused no more.`);
    expect(await platform.run('batches', 'watch', batch)).to.include({ exitCode: 0 });
  });

  it('a batch with a canary gives the prompt back with what that came to, and goes on after it', async () => {
    await platform.startWorker();
    const file = await platform.write('canary.csv', lines(5));
    const added = await platform.run('instances', 'add', '--from', file, '--canary', '2');
    const [, batch = ''] = /Batch (\S+) so far: 2 created\./.exec(added.stdout) ?? [];
    expect(added.stdout).to.contain('its canary of 2 rows has ended, and the others wait');
    expect(added.stdout).to.contain(`cozy-fleet batches resume ${batch}`);
    expect(added.exitCode).to.equal(69);
    // Nothing is told of a canary while it goes on: that it does is seen.
    expect(added.stderr.match(/Held:/g)).to.have.length(1);

    const resumed = await platform.run('batches', 'resume', batch, '--json');
    expect(JSON.parse(resumed.stdout)).to.deep.include({ lifted: ['canary'], steering: {} });
    const watched = await platform.run('batches', 'watch', batch);
    expect(watched.stdout).to.contain('ended: 5 created.');
    expect(watched.exitCode).to.equal(0);
  });

  it('a canary that failed says what to look at, and so does the exit code', async () => {
    await platform.startWorker();
    await platform.run('instances', 'add', 'taken.example.org');
    const bad = [
      'domain,email',
      'taken.example.org,other@example.org',
      'free1.example.org,',
      'free2.example.org,',
    ];
    const file = await platform.write('bad.csv', bad);
    const { stdout, exitCode } = await platform.run('instances', 'add', '--from', file, '--canary', '1');
    expect(stdout).to.match(/See what failed: {2}cozy-fleet batches show \S+ --failed/);
    expect(exitCode).to.equal(68);
  });

  it('a batch that begins later tells when, in the zone that was named', async () => {
    const window = ['--between', '01:00-01:01', '--time-zone', 'Pacific/Kiritimati'];
    const batch = await queued(2, '--at', '03:00', '--max-failures', '50%', '--rate', '90/m', ...window);
    const { stdout } = await platform.run('batches', 'show', batch, '--json');
    const { state, hold, steering } = JSON.parse(stdout);
    expect(state).to.equal('held');
    expect(hold.kind).to.equal('not-before');
    expect(steering).to.include({
      rate: 1.5,
      window: '01:00-01:01 Pacific/Kiritimati',
      maxFailures: 1,
      maxFailuresPercent: 50,
    });
    expect((await shown(batch)).get('Failures')).to.equal('at most 1 (50 % of the rows)');

    const set = await platform.run('batches', 'set', batch, '--at', 'now', '--concurrency', '3');
    expect(set.stdout).to.contain('at most 3 at a time').and.contain('at most 90/m');
    expect(set.stdout).not.to.contain('Not before');
    const free = await platform.run(
      'batches',
      'set',
      batch,
      ...['--between', 'none', '--rate', 'none', '--concurrency', 'none', '--max-failures', 'none'],
    );
    expect(free.stdout).to.equal(`Nothing limits batch ${batch}.\n`);
    await platform.startWorker();
    expect(await platform.run('batches', 'watch', batch)).to.include({ exitCode: 0 });
  });

  it('what cannot be is refused in a sentence that names the flag, and changes nothing', async () => {
    const batch = await queued(1);
    const kept = async () => {
      const { redis, keys, batches } = platform.fleet;
      return [await redis.hgetall(keys.batch(batch)), (await batches.list(100)).length];
    };
    const before = await kept();
    const file = await platform.write('refused.csv', lines(2));
    for (const argv of [
      ['batches', 'set', batch, '--rate', '0/s'],
      ['instances', 'add', '--from', file, '--rate', 'none'],
      ['instances', 'add', '--from', file, '--canary', '0'],
      ['instances', 'destroy', 'taken.example.org', '--force', '--canary', '1'],
      ['instances', 'repair', 'taken.example.org', '--rate', '5'],
    ]) {
      const { stderr, exitCode } = await platform.run(...argv);
      expect(stderr).to.match(/^Error: .*--(rate|canary)/);
      expect(exitCode).to.equal(2);
    }
    const nothing = await platform.run('batches', 'set', batch);
    expect(nothing.stderr).to.contain('Say what is to be otherwise');
    expect(nothing.exitCode).to.equal(2);
    expect(await kept()).to.deep.equal(before);
    await platform.run('batches', 'cancel', batch);
    const { stderr, exitCode } = await platform.run('batches', 'resume', batch);
    expect(stderr).to.contain(`batches retry ${batch}`);
    expect(exitCode).to.equal(1);
  });
});
