import { expect } from 'chai';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceFilter } from '../../../src/instances/lookup/instance-filter.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { everythingInRedis } from '../../support/everything-in-redis.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';

const HOUR = 3_600_000;

describe('making links for a new passphrase', () => {
  let test: TestFleet;
  let count = 0;

  before(async () => {
    test = await startTestFleet();
  });

  after(() => test.close());

  async function put(fields: Partial<InstanceDocument> = {}): Promise<StoredInstance> {
    count += 1;
    return await test.putInstance({
      domain: test.domain(`reset-${count}`),
      cli_secret: 'kept',
      session_secret: 'kept too',
      ...fields,
    });
  }

  async function order(instance: StoredInstance, more: { filter?: InstanceFilter } = {}) {
    const { _id: id, domain } = instance;
    const seen = { id, incarnation: incarnationOf(instance) };
    const work = { kind: 'reset-links' as const, domain, seen, validMs: HOUR, ...more };
    return await test.ended((await enqueueJob(test.fleet, { work, tries: 2 })).jobId);
  }

  const stored = async ({ domain }: StoredInstance) => {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error('it is gone');
    return instance;
  };

  it('writes a token and its time, and nothing else', async () => {
    const before = await put();
    const start = Date.now();
    expect(await order(before)).to.include({ state: 'done', outcome: 'linked' });
    const {
      _rev,
      passphrase_reset_token: token = '',
      passphrase_reset_time: time = '',
      ...rest
    } = await stored(before);
    const { _rev: _before, ...kept } = before;
    expect(rest).to.deep.equal(kept);
    expect(Buffer.from(token, 'base64')).to.have.length(16);
    expect(Date.parse(time)).to.be.within(start + HOUR, Date.now() + HOUR);
  });

  it('keeps the token when it is ordered again, so that a link that was sent goes on working', async () => {
    const instance = await put();
    await order(instance);
    const first = (await stored(instance)).passphrase_reset_token;
    expect(await order(instance)).to.include({ outcome: 'linked' });
    expect((await stored(instance)).passphrase_reset_token).to.equal(first);
  });

  it('passes over an owner who has not registered yet', async () => {
    const instance = await put({ register_token: Buffer.alloc(16, 1).toString('base64') });
    expect(await order(instance)).to.include({ state: 'done', outcome: 'unregistered' });
    expect(await stored(instance)).to.deep.equal(instance);
  });

  it('leaves a blocked instance alone', async () => {
    const instance = await put({ blocked: true });
    expect(await order(instance)).to.include({ state: 'failed', code: 'closed' });
    expect(await stored(instance)).to.deep.equal(instance);
  });

  it('leaves another life of the domain alone', async () => {
    const instance = await put();
    const later = { ...instance, cli_secret: 'another life' };
    await test.server.putDocument(INSTANCES, later);
    expect(await order(instance)).to.include({ state: 'failed', code: 'superseded' });
    expect((await stored(instance)).passphrase_reset_token).to.equal(undefined);
  });

  it('leaves an instance alone that is not what the operator asked for any more', async () => {
    const instance = await put({ context: 'other' });
    expect(await order(instance, { filter: { context: 'school' } })).to.include({ code: 'changed' });
    expect((await stored(instance)).passphrase_reset_token).to.equal(undefined);
  });

  it('asks again what has to be measured, too', async () => {
    const instance = await put();
    expect(await order(instance, { filter: { usedOver: 90 } })).to.include({ code: 'changed' });
    expect((await stored(instance)).passphrase_reset_token).to.equal(undefined);
  });

  it('leaves no token in Redis or in the log', async () => {
    const instance = await put();
    await order(instance);
    const { passphrase_reset_token: token = '' } = await stored(instance);
    const hex = Buffer.from(token, 'base64').toString('hex');
    const everything = `${await everythingInRedis(test.fleet.redis)}${test.logLines.join('\n')}`;
    expect(everything).to.contain(instance.domain);
    for (const secret of [token, hex]) expect(everything).not.to.contain(secret);
  });
});
