import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { notifyLate } from '../../../src/jobs/batches/outbox.ts';
import type { RowState } from '../../../src/jobs/batches/row-state.ts';
import { noticeKey, sealAddress } from '../../../src/jobs/fleet/notices.ts';
import { deliverNotices } from '../../../src/workers/recovery/deliver-notices.ts';
import { startTestQueue, type TestQueue } from '../../jobs/fixture.ts';
import { type NoticeReceiver, startNoticeReceiver } from '../../support/notice-receiver.ts';
import { capturingLog } from '../../support/test-log.ts';

const DAY_MS = 24 * 3_600_000;

describe('notices of batches', () => {
  let test: TestQueue;
  let receiver: NoticeReceiver;
  let logged: string[] = [];

  before(async () => {
    test = await startTestQueue();
  });

  after(() => test.close());

  beforeEach(async () => {
    receiver = await startNoticeReceiver();
    logged = [];
  });

  afterEach(() => receiver.close());

  async function made(total: number, address = receiver.url, maxFailures?: number): Promise<string> {
    const { batches, sealKey } = test.fleet;
    const notify = sealAddress(sealKey, address);
    const batch = { kind: 'create', name: 'ann.csv', reason: 'why', by: 'me@host', total } as const;
    return await batches.create({ ...batch, notify, maxFailures });
  }

  const report = (batchId: string, row: number, state: RowState, generation = 0, attempt = 1) =>
    test.fleet.batches.report({ batchId, row, domain: 'a.example.org', state, generation, attempt });

  const deliver = (now?: () => number) =>
    deliverNotices({
      fleet: test.fleet,
      log: capturingLog(logged),
      signal: new AbortController().signal,
      ...(now && { now }),
    });

  /** As if the pause before the next try were over. */
  async function letPausesPass(): Promise<void> {
    const { redis, keys } = test.fleet;
    for (const member of await redis.zrange(keys.outbox, '0', '-1')) await redis.zadd(keys.outbox, 0, member);
  }

  const bodies = () => receiver.received.map(({ body }) => JSON.parse(body));

  it('tell the end with the counts, and nothing that a person could be known by', async () => {
    const id = await made(2);
    await report(id, 1, 'done');
    await deliver();
    expect(receiver.received).to.have.length(0);
    await report(id, 2, 'failed');
    await deliver();
    await deliver();
    expect(bodies()).to.have.length(1);
    const [{ id: notice, type, batch }] = bodies();
    expect([notice, type]).to.deep.equal([`${id}-1`, 'batch.ended']);
    expect(batch).to.include({ id, kind: 'create', total: 2 });
    expect(batch.counts).to.include({ done: 1, failed: 1 });
    expect(receiver.received[0]?.body).not.to.match(/ann\.csv|me@host|why|example\.org/);
  });

  it('tell the end of a batch that was to notify nobody at first, once, and whose turn it is', async () => {
    const { fleet } = test;
    const late = { address: sealAddress(fleet.sealKey, receiver.url), turnOf: 'FIRST' };
    expect(await notifyLate(fleet, 'NOWHERE', late)).to.equal(false);
    const about = { kind: 'destroy', name: 'a.csv', reason: '', by: 'me@host', total: 1 } as const;
    const ended = await fleet.batches.create(about);
    await report(ended, 1, 'done');
    const runs = await fleet.batches.create(about);
    for (const id of [ended, runs, ended, runs]) expect(await notifyLate(fleet, id, late)).to.equal(true);
    await deliver();
    expect(bodies().map(({ batch }) => batch.id)).to.deep.equal([ended]);
    expect(bodies()[0].batch).to.include({ turnOf: 'FIRST' });
    await report(runs, 1, 'done');
    await deliver();
    expect(bodies().map(({ batch }) => batch.id)).to.deep.equal([ended, runs]);
    expect(await fleet.redis.exists(fleet.keys.batch('NOWHERE'))).to.equal(0);
  });

  it('are signed over time and body with the key that a receiver is given', async () => {
    await report(await made(1), 1, 'done');
    await deliver();
    const [notice] = receiver.received;
    const { headers, body } = notice ?? { headers: undefined, body: '' };
    const [, time, digest] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(`${headers?.['x-cozy-fleet-signature']}`) ?? [];
    const expected = createHmac('sha256', noticeKey(test.fleet.sealKey)).update(`${time}.${body}`);
    expect(digest).to.equal(expected.digest('hex'));
  });

  it('tell a halt once, and the end of a batch that is tried again anew', async () => {
    const id = await made(3, receiver.url, 0);
    await report(id, 1, 'failed');
    await report(id, 2, 'failed');
    await test.fleet.batches.setHalt(id, 'cancelled');
    await report(id, 3, 'cancelled');
    await deliver();
    await report(id, 1, 'waiting', 1, 0);
    await report(id, 1, 'done', 1, 1);
    await report(id, 1, 'done', 1, 1);
    await deliver();
    expect(bodies().map(({ id: notice, type }) => [notice, type])).to.deep.equal([
      [`${id}-1`, 'batch.halted'],
      [`${id}-2`, 'batch.ended'],
      [`${id}-3`, 'batch.ended'],
    ]);
  });

  it('tell that an operator cancelled it, and the end of one that was cut short', async () => {
    const id = await made(2);
    await report(id, 1, 'done');
    await test.fleet.batches.setHalt(id, 'cancelled', { by: 'me@host', reason: '' });
    await test.fleet.batches.setTotal(id, 1);
    await deliver();
    expect(bodies().map(({ type }) => type)).to.deep.equal(['batch.halted', 'batch.ended']);
  });

  for (const status of [500, 302]) {
    it(`are sent again, under the same id, where the answer is ${status}`, async () => {
      await report(await made(1), 1, 'done');
      receiver.answerWith(status);
      await deliver();
      receiver.answerWith(200);
      await deliver();
      expect(receiver.received).to.have.length(1);
      await letPausesPass();
      await deliver();
      expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/', '/']);
      expect(bodies()[1]?.id).to.equal(bodies()[0]?.id);
      await letPausesPass();
      await deliver();
      expect(receiver.received).to.have.length(2);
    });
  }

  it('are given up after a day', async () => {
    await report(await made(1), 1, 'done');
    receiver.answerWith(500);
    await deliver(() => Date.now() + DAY_MS + 60_000);
    expect(await test.fleet.redis.zcard(test.fleet.keys.outbox)).to.equal(0);
  });

  it('keep a login of the address from Redis and from the log, and send it', async () => {
    const id = await made(1, receiver.url.replace('//', '//robot:s3cret@'));
    await report(id, 1, 'done');
    receiver.answerWith(500);
    await deliver();
    const { redis, keys } = test.fleet;
    const kept = JSON.stringify([
      await redis.hgetall(keys.batch(id)),
      await redis.zrange(keys.outbox, '0', '-1'),
    ]);
    expect(kept).not.to.match(/s3cret|robot|127\.0\.0\.1/);
    expect(logged.join())
      .to.include('notice not delivered')
      .and.not.match(/s3cret|robot/);
    const login = Buffer.from('robot:s3cret').toString('base64');
    expect(receiver.received[0]?.headers.authorization).to.equal(`Basic ${login}`);
    await redis.del(keys.outbox);
  });

  it('that nobody of the fleet has put there are taken away', async () => {
    const { redis, keys, batches } = test.fleet;
    const foreign = await made(1);
    await redis.hset(keys.batch(foreign), 'notify', receiver.url);
    const strange = ['x', 'ABCDE 1 ended 1', 'ABCDE 1 gone 1', `${foreign} 1 ended 1`];
    for (const member of strange) await redis.zadd(keys.outbox, 0, member);
    await deliver();
    expect(await redis.zcard(keys.outbox)).to.equal(0);
    expect(receiver.received).to.have.length(0);
    expect((await batches.get(foreign)).total).to.equal(1);
  });

  it('do not keep a batch from ending where something else is in their place', async () => {
    const { redis, keys, batches } = test.fleet;
    await redis.set(keys.outbox, 'x');
    const id = await made(1);
    await report(id, 1, 'done');
    expect((await batches.get(id)).endedAt).to.be.a('number');
    await redis.del(keys.outbox);
  });
});
