import { type Fleet, openFleet } from '../../../src/jobs/fleet/fleet.ts';
import { type Bell, type BellOptions, createBell, RING } from '../../../src/jobs/redis/bell.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

const LONG_MS = 1_000_000;
const NEVER_BY_CLOCK: BellOptions = { deafMs: LONG_MS, quietMs: LONG_MS, restMs: LONG_MS };
const never = new AbortController().signal;

describe('a bell', () => {
  let redis: TestRedis;
  let fleet: Fleet;
  const bells: Bell[] = [];

  before(async () => {
    redis = await startTestRedis();
    fleet = await openFleet({ redis: redisAt(redis.url), prefix: 'fleet', role: 'command' });
  });

  afterEach(() => {
    for (const bell of bells.splice(0)) bell.close();
  });

  after(async () => {
    await fleet.close();
    await redis.close();
  });

  const channel = 'some';

  function open(options: Partial<BellOptions> = {}): Bell {
    const bell = createBell(fleet.redis, channel, { ...NEVER_BY_CLOCK, ...options });
    bells.push(bell);
    return bell;
  }

  it('rings once it can hear, for what came before was not heard', async () => {
    await open().rung(never);
  });

  it('rings at an end that is announced', async () => {
    const bell = open();
    await bell.rung(never);
    const rung = bell.rung(never);
    await fleet.redis.publish(channel, RING.end);
    await rung;
  });

  it('rings for what was announced while nobody waited', async () => {
    const bell = open();
    await bell.rung(never);
    await fleet.redis.publish(channel, RING.end);
    // Its connection has heard it once another message, on another bell, has come after it.
    const other = open();
    await other.rung(never);
    await bell.rung(never);
  });

  it('rings for a change when the time after a look is over', async () => {
    const bell = open({ restMs: 1 });
    await bell.rung(never);
    const rung = bell.rung(never);
    await fleet.redis.publish(channel, RING.change);
    await rung;
  });

  it('rings by the clock where what was announced is lost', async () => {
    const bell = open({ quietMs: 1 });
    await bell.rung(never);
    await bell.rung(never);
  });

  it('rings by the clock where it may not listen', async () => {
    await fleet.redis.call('ACL', 'SETUSER', 'default', 'resetchannels');
    try {
      const bell = open({ deafMs: 1 });
      await bell.rung(never);
      await bell.rung(never);
    } finally {
      await fleet.redis.call('ACL', 'SETUSER', 'default', 'allchannels');
    }
  });

  it('rings when its connection is there again, for something may have been missed', async () => {
    const bell = open();
    await bell.rung(never);
    const rung = bell.rung(never);
    await fleet.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await rung;
  });

  it('ends the waiting when nobody wants to wait any more', async () => {
    const bell = open();
    await bell.rung(never);
    const controller = new AbortController();
    const rung = bell.rung(controller.signal);
    controller.abort();
    await rung;
  });

  it('leaves no connection behind', async () => {
    const bell = open();
    await bell.rung(never);
    bell.close();
    await until('nobody listens', async () => (await fleet.redis.pubsub('NUMSUB', channel))[1] === 0);
  });
});
