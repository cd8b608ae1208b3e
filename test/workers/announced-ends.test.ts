import { expect } from 'chai';
import { RING } from '../../src/jobs/redis/bell.ts';
import { duplicateClient, type RedisClient } from '../../src/redis/client.ts';
import { type CliPlatform, startPlatform } from '../support/cli-platform.ts';
import { until } from '../support/until.ts';

describe('a worker announces', () => {
  let platform: CliPlatform;
  let ears: RedisClient;
  const heard: string[] = [];

  before(async () => {
    platform = await startPlatform();
    ears = duplicateClient(platform.fleet.redis);
    ears.on('pmessage', (_pattern, channel, message) => heard.push(`${channel} ${message}`));
    await ears.psubscribe('*');
    await platform.startWorker();
  });

  after(async () => {
    ears.disconnect();
    await platform.close();
  });

  it('what changes of a job, and its end', async () => {
    const { stdout } = await platform.run('instances', 'add', 'announced.example.org', '--json');
    const channel = platform.fleet.keys.jobChannel(JSON.parse(stdout).jobId);
    await until('the end is announced', () => heard.includes(`${channel} ${RING.end}`));
    expect(heard).to.include(`${channel} ${RING.change}`);
  });

  it('the end of a job that failed', async () => {
    const { stderr } = await platform.run(
      ...['instances', 'add', 'announced.example.org', '--email', 'another@example.org'],
    );
    expect(stderr).to.contain('Instance already exists');
    await until('it is announced', () => heard.filter((each) => / end$/.test(each)).length === 2);
  });

  it('what changes of the rows of a batch, and its end', async () => {
    const file = await platform.write('rows.csv', ['domain', 'one.example.org', 'two.example.org']);
    const { stdout } = await platform.run('instances', 'add', '--from', file, '--json');
    const channel = platform.fleet.keys.rowsChannel(JSON.parse(stdout).batch);
    await until('the end is announced', () => heard.includes(`${channel} ${RING.end}`));
    expect(heard).to.include(`${channel} ${RING.change}`);
  });
});
