import { expect } from 'chai';
import { withAppLock } from '../../src/stack/app-lock.ts';
import { connectStack, type StackConnection } from '../../src/stack/connect.ts';
import { StackBusy } from '../../src/stack/errors.ts';
import { withVfsLock } from '../../src/stack/vfs-lock.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';

describe('the lock of an application', () => {
  const options = {
    signal: new AbortController().signal,
    times: { life: 20_000, patience: 100, retry: 10 },
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
    const keys = await withAppLock(stack.lock, 'cozy1', 'drive', async () => stack.lock?.keys('*'), options);
    expect(keys).to.deep.equal(['locks:cozy1/app-drive']);
  });

  it('names the application that somebody else works on', async () => {
    const inner = () => withAppLock(stack.lock, 'cozy1', 'drive', () => Promise.resolve(), options);
    const error = await thrownBy(withAppLock(stack.lock, 'cozy1', 'drive', inner, options));
    expect(error).to.be.instanceOf(StackBusy).and.to.have.property('message').that.contains('drive');
  });

  const apart: readonly [string, string, string][] = [
    ['another application', 'cozy1', 'notes'],
    ['the same application of another instance', 'cozy2', 'drive'],
  ];

  for (const [what, prefix, slug] of apart) {
    it(`does not keep ${what}`, async () => {
      const inner = () => withAppLock(stack.lock, prefix, slug, () => Promise.resolve('both'), options);
      expect(await withAppLock(stack.lock, 'cozy1', 'drive', inner, options)).to.equal('both');
    });
  }

  it('does not keep the files', async () => {
    const inner = () => withVfsLock(stack.lock, 'cozy1', () => Promise.resolve('both'), options);
    expect(await withAppLock(stack.lock, 'cozy1', 'drive', inner, options)).to.equal('both');
  });
});
