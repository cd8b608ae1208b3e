import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../support/cli-platform.ts';
import { until } from '../support/until.ts';

/** A command fails within this time, in milliseconds, its own start included. */
const FAILS_MS = 15_000;

describe('a command whose Redis is frozen', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  afterEach(() => process.kill(platform.redis.pid, 'SIGCONT'));

  const freeze = () => process.kill(platform.redis.pid, 'SIGSTOP');

  async function expectHost(running: Promise<{ stderr: string; exitCode: number }>): Promise<void> {
    const since = performance.now();
    const { stderr, exitCode } = await running;
    expect(performance.now() - since).to.be.below(FAILS_MS);
    expect(stderr).to.match(new RegExp(`^Error: Redis .*127\\.0\\.0\\.1:${platform.redis.port}`, 'm'));
    expect(exitCode).to.equal(1);
  }

  it('ends with its host and port when that happens while it runs', async () => {
    const added = platform.spawn(['instances', 'add', 'frozen.example.org']);
    const { queue } = platform.fleet;
    await until('the job is queued', async () => (await queue.getJobCountByTypes('prioritized')) > 0);
    freeze();
    await expectHost(added.ended);
  });
});
