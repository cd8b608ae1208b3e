import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { submit } from '../../support/submit.ts';

describe('batches watch', () => {
  let platform: CliPlatform;

  before(async function () {
    this.timeout(60_000);
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('with --json has a snapshot a line, and how it ended in the last one', async () => {
    const rows = Array.from({ length: 12 }, (_, at) => `a${at}.example.org`);
    const { batch } = await submit(platform, 'a.csv', ['domain', ...rows], '--async');
    const watching = platform.run('batches', 'watch', batch, '--json');
    await platform.startWorker();
    const { stdout, exitCode } = await watching;
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [first] = lines;
    expect(lines.length).to.be.above(1);
    expect(first).to.include({ batch, state: 'running', total: 12, workers: 0 });
    expect(first).to.have.property('oldestWaitingSeconds').that.is.a('number');
    expect(first.holds).to.deep.equal([{ hold: 'no-worker' }]);
    const shown = await platform.run('batches', 'ls', '--json');
    expect(lines.at(-1)).to.deep.equal(JSON.parse(shown.stdout)[0]);
    expect(exitCode).to.equal(0);
  });

  it('tells elsewhere who works at what, in one line', async () => {
    await platform.stopWorker();
    const rows = Array.from({ length: 12 }, (_, at) => `b${at}.example.org`);
    const { batch } = await submit(platform, 'b.csv', ['domain', ...rows], '--async');
    const watching = platform.run('batches', 'watch', batch);
    await platform.startWorker();
    const { stdout } = await watching;
    expect(stdout).to.match(/^created \d+\/12, .* the oldest waits for \d+ s, \d workers?$/m);
    expect(stdout).to.include('ended: 12 created.');
  });
});
