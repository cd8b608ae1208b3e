import { once } from 'node:events';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { connectStack, type StackConnection } from '../../src/stack/connect.ts';
import { StackBusy, StackLockLost } from '../../src/stack/errors.ts';
import { withAppLock, withStackLock, withVfsLock } from '../../src/stack/lock.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

const KEY = 'locks:cozy1/thing';
const LOCK = { key: KEY, protects: 'the thing of cozy1' };
const LIFE_MS = 300;

describe('a lock of the stack', () => {
  const options = {
    signal: new AbortController().signal,
    times: { durationMs: LIFE_MS, acquireTimeoutMs: 200, pollMs: 10 },
  };
  let server: TestRedis;
  let stack: StackConnection;
  /** Somebody else's view of the locks. */
  let other: Redis;

  before(async () => {
    server = await startTestRedis();
    stack = connectStack({ lock: redisAt(`${server.url}/2`) });
    other = new Redis(`${server.url}/2`);
    other.on('error', () => undefined);
  });

  afterEach(() => other.flushall());

  after(async () => {
    stack.close();
    other.disconnect();
    await server.close();
  });

  it("is taken in the stack's way and given back after the work", async () => {
    const token = await withStackLock(
      stack.lock,
      LOCK,
      async () => {
        expect(await other.pttl(KEY)).to.be.within(1, LIFE_MS);
        return await other.get(KEY);
      },
      options,
    );
    expect(token).to.have.length(20);
    expect(await other.exists(KEY)).to.equal(0);
  });

  it('lasts as long as that of the stack', async () => {
    const { signal } = options;
    const left = await withStackLock(stack.lock, LOCK, () => other.pttl(KEY), { signal });
    expect(left).to.be.within(19_000, 20_000);
  });

  it('is given back after work that failed', async () => {
    const failing = withStackLock(stack.lock, LOCK, () => Promise.reject(new Error('oh')), options);
    expect(await thrownBy(failing)).to.have.property('message', 'oh');
    expect(await other.exists(KEY)).to.equal(0);
  });

  it('lets one after the other work', async () => {
    const events: string[] = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await other.ping();
      events.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => withStackLock(stack.lock, LOCK, work(name), options)));
    for (let at = 0; at < events.length; at += 2) {
      expect(events[at + 1]).to.equal(events[at]?.replace('begins', 'ends'));
    }
  });

  it('is not had, and not taken away, while somebody else holds it', async () => {
    await other.set(KEY, 'theirs');
    const error = await thrownBy(withStackLock(stack.lock, LOCK, () => Promise.resolve(), options));
    expect(error).to.be.instanceOf(StackBusy).and.to.include({ code: 'stack_busy', kind: 'retry' });
    expect(error).to.have.property('advice').that.contains(KEY);
    expect(error).to.have.property('message').that.contains(LOCK.protects);
    expect(await other.get(KEY)).to.equal('theirs');
  });

  it('is no longer waited for when the caller stops', async () => {
    await other.set(KEY, 'theirs');
    const stop = new AbortController();
    const reason = new Error('stopped');
    const waiting = thrownBy(
      withStackLock(stack.lock, LOCK, () => Promise.resolve(), {
        signal: stop.signal,
        times: { durationMs: LIFE_MS, acquireTimeoutMs: 60_000, pollMs: 30_000 },
      }),
    );
    stop.abort(reason);
    expect(await waiting).to.equal(reason);
  });

  it('is extended for as long as the work takes', async () => {
    await withStackLock(
      stack.lock,
      LOCK,
      async (signal) => {
        const token = await other.get(KEY);
        const end = performance.now() + 3 * LIFE_MS;
        await until('the lock would have run out', () => performance.now() > end);
        expect(await other.get(KEY)).to.equal(token);
        expect(signal.aborted).to.equal(false);
      },
      options,
    );
  });

  it('aborts the work when somebody else has it, and leaves it to them', async () => {
    const work = async (signal: AbortSignal) => {
      await other.set(KEY, 'theirs');
      await once(signal, 'abort');
      signal.throwIfAborted();
    };
    const error = await thrownBy(withStackLock(stack.lock, LOCK, work, options));
    expect(error).to.be.instanceOf(StackLockLost).and.to.have.property('kind', 'retry');
    expect(await other.get(KEY)).to.equal('theirs');
  });

  it('fails work that ended without noticing that it was lost', async () => {
    const work = async (signal: AbortSignal) => {
      await other.del(KEY);
      await once(signal, 'abort');
    };
    expect(await thrownBy(withStackLock(stack.lock, LOCK, work, options))).to.be.instanceOf(StackLockLost);
  });

  it('is lost by the clock when Redis is away', async () => {
    const work = async (signal: AbortSignal) => {
      await server.stop();
      await once(signal, 'abort');
      signal.throwIfAborted();
    };
    try {
      const error = await thrownBy(withStackLock(stack.lock, LOCK, work, options));
      expect(error).to.be.instanceOf(StackLockLost);
    } finally {
      await server.start();
    }
  });

  it('is passed over for a stack that keeps its locks in its memory', async () => {
    expect(await withStackLock(undefined, LOCK, () => Promise.resolve('done'), options)).to.equal('done');
  });
});

describe('the lock of an application', () => {
  const options = {
    signal: new AbortController().signal,
    times: { durationMs: 20_000, acquireTimeoutMs: 100, pollMs: 10 },
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

describe('the lock of the files', () => {
  const options = {
    signal: new AbortController().signal,
    times: { durationMs: 20_000, acquireTimeoutMs: 200, pollMs: 10 },
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
