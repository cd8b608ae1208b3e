import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { openRedisWarning } from '../../../src/jobs/redis/connect-fleet-redis.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { redisAt } from '../../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** The place for temporary files may be one that only its owner enters; this one everybody may. */
const OPEN_PLACE = '/tmp';

describe('the warning of a Redis that lets everybody in', () => {
  const cleanup = new Cleanup();

  afterEach(() => cleanup.run());

  async function server(...settings: string[]): Promise<RedisServer> {
    return cleanup.add(await startRedisServer({ settings }), (each) => each.close());
  }

  const warningAt = (url: string) => openRedisWarning({ redis: redisAt(url) });

  it('comes where it has no password, and says what to do', async () => {
    const { url, port } = await server();
    const warning = await warningAt(url);
    expect(warning).to.include(`127.0.0.1:${port}`);
    expect(warning).to.include('requirepass').and.include('fleet.redis_url').and.include('unix socket');
  });

  it('does not come where it has one', async () => {
    const { port } = await server('--requirepass', 'secret');
    expect(await warningAt(`redis://:secret@127.0.0.1:${port}`)).to.equal(undefined);
  });

  it('comes where only we have a password, and others need none', async () => {
    const { url, port, ask } = await server();
    await ask('ACL', 'SETUSER', 'fleet', 'on', '>secret', '~*', '&*', '+@all');
    const warning = await warningAt(`redis://fleet:secret@127.0.0.1:${port}`);
    expect(warning).to.be.a('string').and.not.include('secret');
    await ask('ACL', 'SETUSER', 'default', 'off');
    expect(await warningAt(url)).to.equal(undefined);
  });

  it('does not come where a stranger may do nothing', async () => {
    const { url } = await server('--user', 'default', 'on', 'nopass', '-@all');
    expect(await warningAt(url)).to.equal(undefined);
  });

  it('does not come where nothing answers', async () => {
    const { url, kill } = await server();
    await kill();
    expect(await warningAt(url)).to.equal(undefined);
  });

  it('depends on who may open it where it is a socket', async () => {
    const directory = cleanup.add(await temporaryDirectory('redis-socket', OPEN_PLACE), (each) =>
      each.remove(),
    );
    const path = join(directory.path, 'redis.sock');
    await server('--unixsocket', path, '--unixsocketperm', '777');
    expect(await warningAt(`unix://${path}`), 'in a directory of ours').to.equal(undefined);
    chmodSync(directory.path, 0o755);
    expect(await warningAt(`unix://${path}`), 'open to all').to.be.a('string');
    chmodSync(path, 0o770);
    expect(await warningAt(`unix://${path}`), 'closed by itself').to.equal(undefined);
  });
});
