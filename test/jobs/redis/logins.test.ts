import { expect } from 'chai';
import { Redis } from 'ioredis';
import { LOGIN_RETRY_MS } from '../../../src/couchdb/login-gate.ts';
import { createKeys } from '../../../src/jobs/redis/keys.ts';
import { createLogins, fleetLogins, type Logins } from '../../../src/jobs/redis/logins.ts';
import { redisAt } from '../../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';
import { timePasses } from '../../support/time-passes.ts';

const WINDOW = 300_000;

describe('the books of logins', () => {
  const keys = createKeys('fleet');
  const urlOf = (password: string, host = 'couch:5984') => `http://admin:${password}@${host}`;
  let server: TestRedis;
  let redis: Redis;
  let opened: Logins[];

  before(async () => {
    server = await startTestRedis();
    redis = new Redis(server.url);
  });

  beforeEach(async () => {
    opened = [];
    await server.flush();
  });

  afterEach(() => {
    for (const each of opened) each.close();
  });

  after(async () => {
    redis.disconnect();
    await server.close();
  });

  /** The book as another process has it. */
  function book(password = 'old', host?: string, connect?: () => Promise<Redis>) {
    const logins =
      connect === undefined
        ? fleetLogins({ redis: redisAt(server.url), prefix: 'fleet' })
        : createLogins({ connect, keys });
    opened.push(logins);
    return logins.at(urlOf(password, host));
  }
  const later = (ms: number) => timePasses(redis, keys, ms);

  it('let one try at a time, and tell the others to wait for it', async () => {
    const one = book();
    expect(await one.ask()).to.deep.equal({ state: 'try' });
    expect(await book().ask()).to.deep.equal({ state: 'busy' });
    await one.tell('accepted');
    expect(await book().ask()).to.deep.equal({ state: 'go' });
  });

  it('let one of many try that start at the same moment', async () => {
    const asked = await Promise.all(Array.from({ length: 50 }, () => book('wrong').ask()));
    const states = asked.map(({ state }) => state);
    expect(states.filter((state) => state === 'try')).to.have.lengthOf(1);
    expect(states.filter((state) => state === 'busy')).to.have.lengthOf(49);
  });

  it('give the turn to the next one when who tries has died', async () => {
    await book().ask();
    await later(8_000);
    expect(await book().ask()).to.deep.equal({ state: 'try' });
  });

  it('let somebody try again when a good login is a while ago', async () => {
    const one = book();
    await one.ask();
    await one.tell('accepted');
    await later(1_500);
    expect(await book().ask()).to.deep.equal({ state: 'try' });
  });

  it('tell everybody when a refused one is tried next', async () => {
    const one = book();
    await one.ask();
    await one.tell('refused');
    const answer = await book().ask();
    expect(answer.state).to.equal('wait');
    expect(answer)
      .to.have.property('ms')
      .that.is.within(LOGIN_RETRY_MS - 5_000, LOGIN_RETRY_MS);
  });

  it('hold everybody after a request that was under way', async () => {
    const one = book();
    await one.ask();
    await one.tell('accepted');
    expect(await one.wasRefused(5_000)).to.equal(0);
    await later(6_000);
    expect(await one.wasRefused(5_000)).to.equal(LOGIN_RETRY_MS);
    expect((await book().ask()).state).to.equal('wait');
  });

  it('do not push the next try on with each answer that comes late', async () => {
    const one = book();
    await one.wasRefused(10);
    await later(60_000);
    expect(await one.wasRefused(10)).to.be.within(LOGIN_RETRY_MS - 65_000, LOGIN_RETRY_MS - 60_000);
  });

  it('forget a refusal when the password is accepted again', async () => {
    const one = book();
    await one.wasRefused(10);
    await later(LOGIN_RETRY_MS);
    expect(await one.ask()).to.deep.equal({ state: 'try' });
    await one.tell('accepted');
    expect(await book().ask()).to.deep.equal({ state: 'go' });
    await later(2_000);
    expect(await book().ask()).to.deep.equal({ state: 'try' });
  });

  it('count nothing that was not refused', async () => {
    for (let time = 0; time < 10; time += 1) {
      const one = book();
      expect(await one.ask()).to.deep.equal({ state: 'try' });
      await one.tell(time % 2 === 0 ? 'unknown' : 'accepted');
      await later(2_000);
    }
  });

  it('do not hold another password', async () => {
    const old = book('old');
    await old.ask();
    await old.tell('refused');
    await later(LOGIN_RETRY_MS);
    await old.ask();
    await old.tell('refused');
    expect(await book('new').ask()).to.deep.equal({ state: 'try' });
  });

  it('let at most three wrong logins fall into five minutes, however many ask and however long', async () => {
    const refused: number[] = [];
    let now = 0;
    const books = ['old', 'old', 'wrong 1', 'wrong 2', 'wrong 3', 'wrong 4'].map((each) => book(each));
    await books[0]?.wasRefused(10);
    for (; now < 4 * WINDOW; now += 5_000) {
      for (const one of books) {
        if ((await one.ask()).state !== 'try') continue;
        refused.push(now);
        await one.tell('refused');
      }
      await later(5_000);
    }
    for (const at of refused) {
      const together = refused.filter((other) => other >= at && other < at + WINDOW);
      expect(together).to.have.lengthOf.at.most(3);
    }
    expect(refused).to.have.lengthOf.at.least(8);
  });

  it('keep each host apart', async () => {
    const one = book();
    await one.ask();
    await one.tell('refused');
    expect(await book('old', 'other:5984').ask()).to.deep.equal({ state: 'try' });
  });

  it('hold neither password nor user', async () => {
    const one = book('topsecret');
    await one.ask();
    await one.tell('refused');
    const names = await redis.keys('*');
    const values = await Promise.all(names.map((name) => redis.dump(name)));
    expect(names.join() + values.join()).to.not.match(/topsecret|admin/);
  });

  it('are gone from Redis when nobody has logged in for long', async () => {
    const one = book();
    await one.ask();
    await one.tell('refused');
    for (const name of await redis.keys('*')) expect(await redis.pttl(name), name).to.be.within(1, 700_000);
  });

  describe('without Redis', () => {
    const unreachable = async (): Promise<Redis> => {
      throw new Error('Redis does not answer');
    };

    it('let each process go by what it has seen itself', async () => {
      const one = book('old', undefined, unreachable);
      expect(await one.ask()).to.deep.equal({ state: 'try' });
      await one.tell('refused');
      expect((await one.ask()).state).to.equal('wait');
    });

    it('wait for it for 2 seconds, and not each time', async () => {
      let asked = 0;
      const one = book('old', undefined, () => {
        asked += 1;
        return new Promise(() => undefined);
      });
      const before = performance.now();
      expect(await one.ask()).to.deep.equal({ state: 'try' });
      await one.tell('accepted');
      expect(await one.ask()).to.deep.equal({ state: 'try' });
      expect(performance.now() - before).to.be.above(1_900);
      expect(asked).to.equal(1);
    });
  });
});
