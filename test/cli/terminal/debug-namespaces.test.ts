import { expect } from 'chai';
import { allowedDebug } from '../../../src/cli/terminal/debug-namespaces.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startPlatform } from '../../support/cli-platform.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { runIn } from '../../support/up.ts';

const SECRET = 'open-sesame-of-the-test';

describe('DEBUG', () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  for (const argv of [
    ['instances', 'add', 'a.org', '--passphrase', SECRET],
    ['instances', 'add', 'a.org', `--passphrase=${SECRET}`],
    ['instances', 'set-passphrase', 'a.org', SECRET],
    ['instances:set-passphrase', 'a.org', SECRET],
  ]) {
    it(`counts for nothing beside ${argv.join(' ')}`, () => {
      expect(allowedDebug('*', argv)).to.equal(undefined);
    });
  }

  it('counts otherwise, but for what prints passwords of Redis', () => {
    expect(allowedDebug('*', ['jobs', 'ls'])).to.equal('*,-ioredis*');
    expect(allowedDebug(undefined, ['jobs', 'ls'])).to.equal(undefined);
  });

  it('prints no secret of a command', async () => {
    const platform = cleanup.add(await startPlatform({ ownProcess: true }), (each) => each.close());
    const directory = cleanup.add(await temporaryDirectory('debug'), (each) => each.remove());
    const options = { cwd: directory.path, env: { DEBUG: '*', NODE_DEBUG: '' } };
    const redisUrl = platform.redis.url.replace('//', '//:redis-secret@');
    await platform.fleet.redis.config('SET', 'requirepass', 'redis-secret');
    const config = ['--config', await platform.configure({ redisUrl })];
    const more = ['--passphrase', SECRET, '--async', ...config];
    const add = runIn(options, 'instances', 'add', 'a.example.org', ...more);
    const list = runIn(options, 'jobs', 'ls', ...config);
    expect([await add.ended, await list.ended], add.output()).to.deep.equal([0, 0]);
    expect(list.output()).to.include('oclif');
    expect(add.output() + list.output())
      .to.not.include(SECRET)
      .and.not.include('redis-secret');
  });
});
