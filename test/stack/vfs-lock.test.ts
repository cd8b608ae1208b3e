import { expect } from 'chai';
import { connectStack, type StackConnection } from '../../src/stack/connect.ts';
import { withVfsLock } from '../../src/stack/vfs-lock.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';

describe('the lock of the files', () => {
  const options = {
    signal: new AbortController().signal,
    times: { life: 20_000, patience: 200, retry: 10 },
  };
  let server: TestRedis;
  let stack: StackConnection;

  before(async () => {
    server = await startTestRedis();
    stack = connectStack({ lock: redisAt(`${server.url}/2`) });
  });

  after(async () => {
    stack.close();
    await server.close();
  });

  it('is the one that a stack takes', async () => {
    const keys = await withVfsLock(stack.lock, 'cozy1', async () => stack.lock?.keys('*'), options);
    expect(keys).to.deep.equal(['locks:cozy1/vfs']);
  });

  it('does not keep the files of another instance', async () => {
    const inner = () => withVfsLock(stack.lock, 'cozy2', () => Promise.resolve('both'), options);
    expect(await withVfsLock(stack.lock, 'cozy1', inner, options)).to.equal('both');
  });
});
