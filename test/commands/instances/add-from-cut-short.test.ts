import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { until } from '../../support/until.ts';

describe('instances add --from that is cut short', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('says how much is queued after Ctrl-C, and the batch has that many rows', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => `d${at}.example.org`);
    const file = await platform.write('large.csv', ['domain', ...rows]);
    const command = platform.spawn(['instances', 'add', '--from', file]);
    await until('some rows are queued', async () => (await platform.fleet.queue.getDelayedCount()) > 500);
    command.child.kill('SIGINT');
    const { stdout, stderr, exitCode } = await command.ended;
    expect(exitCode).to.equal(130);
    expect(stderr).to.match(/[\d,]+ of 20,000 queued; submit the same again to go on\./);
    expect(stdout).to.contain('The batch goes on. Watch it:');
    const [batch] = await platform.fleet.batches.list(1);
    expect(batch?.total).to.equal(batch?.counts.waiting);
    expect(batch?.total).to.be.within(500, 19_999);
  }).timeout(60_000);

  it('goes on after Ctrl-C once everything is queued', async () => {
    const file = await platform.write('small.csv', ['domain', 'small.example.org']);
    const command = platform.spawn(['instances', 'add', '--from', file]);
    await until('it waits', () => command.stderr().includes('No worker is running'));
    await until('the row is queued', async () => {
      const [batch] = await platform.fleet.batches.list(1);
      return batch?.counts.waiting === 1;
    });
    command.child.kill('SIGINT');
    const { stdout, stderr, exitCode } = await command.ended;
    expect(exitCode).to.equal(130);
    expect(stderr).not.to.contain('submit the same again');
    expect(stdout).to.match(/The batch goes on\. Watch it: {2}cozy-fleet batches watch \w{5}\n$/);
  });

  it('has exit code 69 when --wait runs out', async () => {
    const file = await platform.write('wait.csv', ['domain', 'wait.example.org']);
    const { stdout, exitCode } = await platform.run('instances', 'add', '--from', file, '--wait', '100ms');
    expect(stdout).to.contain('The batch goes on.');
    expect(exitCode).to.equal(69);
  });
});
