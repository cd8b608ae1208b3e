import { expect } from 'chai';
import {
  fieldsOf,
  MOST_ENTRIES,
  noteHistory,
  readHistory,
} from '../../../src/jobs/queue/instance-history.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

describe('the history of a domain', () => {
  let test: TestQueue;

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  const done = (at: number) => ({ at, what: 'modify', state: 'done' }) as const;

  it('has an entry once that is told twice', async () => {
    await noteHistory(test.fleet, 'a.org', 'job/0', done(1));
    await noteHistory(test.fleet, 'a.org', 'job/0', done(2));
    await noteHistory(test.fleet, 'a.org', 'job/1', done(3));
    expect(await readHistory(test.fleet, 'a.org')).to.deep.equal([done(3), done(1)]);
  });

  it('keeps the latest entries, for as long as batches are kept', async () => {
    const { fleet } = test;
    for (let at = 1; at <= MOST_ENTRIES + 5; at += 1) await noteHistory(fleet, 'b.org', `${at}`, done(at));
    const entries = await readHistory(fleet, 'b.org');
    expect(entries.map(({ at }) => at)).to.deep.equal(
      Array.from({ length: MOST_ENTRIES }, (_, index) => MOST_ENTRIES + 5 - index),
    );
    expect(await fleet.redis.ttl(fleet.keys.history('b.org'))).to.be.greaterThan(89 * 24 * 3600);
  });

  it('passes over what is not one of ours', async () => {
    const { redis, keys } = test.fleet;
    await noteHistory(test.fleet, 'c.org', 'job/0', done(1));
    const strange = ['x', 'x {"at":1}', 'x {"at":1,"what":"rm","state":"done"}', 'x {"at":9e99}', ''];
    for (const text of strange) await redis.lpush(keys.history('c.org'), text);
    expect(await readHistory(test.fleet, 'c.org')).to.deep.equal([done(1)]);
  });

  it('begins anew where something else is in its place', async () => {
    const { redis, keys } = test.fleet;
    await redis.set(keys.history('d.org'), 'x');
    expect(await readHistory(test.fleet, 'd.org')).to.deep.equal([]);
    await noteHistory(test.fleet, 'd.org', 'job/0', done(1));
    expect(await readHistory(test.fleet, 'd.org')).to.deep.equal([done(1)]);
  });

  it('names fields, and never what they are to be', () => {
    const changes = { locale: 'fr', settings: { email: 'a@example.org', public_name: 'Ann' } };
    expect(fieldsOf(changes)).to.deep.equal(['locale', 'settings.email', 'settings.public_name']);
    expect(fieldsOf({ featureFlags: { a: 'secret', b: null } })).to.deep.equal([
      'featureFlags.a',
      'featureFlags.b',
    ]);
  });
});
