import { expect } from 'chai';
import { connectStackRedis } from '../../src/stack/connect.ts';
import { saveSessionCode } from '../../src/stack/session-codes.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';

describe('a session code', () => {
  let server: TestRedis;
  let connection: ReturnType<typeof connectStackRedis>;

  before(async () => {
    server = await startTestRedis();
    connection = connectStackRedis(redisAt(server.url));
  });

  after(async () => {
    connection.close();
    await server.close();
  });

  it('is kept under the prefix of the instance, or its domain where it has none', async () => {
    const { redis } = connection;
    const ofPrefix = await saveSessionCode(redis, { domain: 'a.example.org', prefix: 'cozy1' });
    const ofDomain = await saveSessionCode(redis, { domain: 'b.example.org:8080' });
    expect(await redis.get(`cozy1:sessioncode:${ofPrefix}`)).to.equal('1');
    expect(await redis.get(`b.example.org:8080:sessioncode:${ofDomain}`)).to.equal('1');
    expect(ofPrefix)
      .to.match(/^[0-9a-f]{48}$/)
      .and.not.equal(ofDomain);
  });
});
