import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Claim, Claims } from '../../../src/jobs/claims/claims.ts';
import { payloadFor, startTestQueue, type TestQueue } from '../fixture.ts';

function claim(names: readonly [string, ...string[]], changes: Partial<Claim> = {}): Claim {
  return { jobId: randomUUID(), kind: 'create', names, payloadHash: randomUUID(), ...changes };
}

describe('claims', () => {
  let test: TestQueue;
  let claims: Claims;

  before(async () => {
    test = await startTestQueue();
    claims = test.fleet.claims;
  });

  after(() => test.close());

  /** As if the claim had been made so long ago that its job should have been added. */
  async function makeOld(name: string): Promise<void> {
    await test.fleet.redis.hset(test.fleet.keys.name(name), 'at', Date.now() - 61_000);
  }

  it('let exactly one of two win that alias each other, from two connections', async () => {
    const other = await test.another();
    for (let round = 0; round < 100; round += 1) {
      const [a, b] = [`a${round}.example.org`, `b${round}.example.org`];
      const answers = await Promise.all([
        claims.take(claim([a, b]), 'add'),
        other.claims.take(claim([b, a]), 'add'),
      ]);
      expect(answers.map(({ state }) => state).sort()).to.deep.equal(['busy', 'held']);
    }
  });

  it('take all names or none', async () => {
    await claims.take(claim(['held.all.org']), 'add');
    await claims.take(claim(['free.all.org', 'held.all.org']), 'add');
    expect((await claims.take(claim(['free.all.org']), 'add')).state).to.equal('held');
  });

  it('are taken one after the other, and answered in their order, where many are', async () => {
    const many = Array.from({ length: 250 }, (_, at) => claim([`m${at}.many.org`, `n${at}.many.org`]));
    const same = claim(['m7.many.org'], { payloadHash: many[7]?.payloadHash ?? '', joiner: 'B 1' });
    const crossing = claim(['new.many.org', 'n120.many.org']);
    const answers = await claims.takeAll([...many, same, crossing], 'add');
    expect(answers.slice(0, 250).every(({ state }) => state === 'held')).to.equal(true);
    const busy = { state: 'busy', by: many[120]?.jobId, kind: 'create', name: 'n120.many.org' };
    expect(answers.slice(250)).to.deep.equal([{ state: 'joined', by: many[7]?.jobId }, busy]);
    expect(await claims.release(many[7]?.jobId ?? '', ['m7.many.org'])).to.deep.equal(['B 1']);
    expect(await claims.takeAll([], 'add')).to.deep.equal([]);
  });

  it('may be taken again by the same job', async () => {
    const mine = claim(['again.org']);
    await claims.take(mine, 'add');
    expect(await claims.take(mine, 'add')).to.deep.equal({ state: 'held' });
  });

  it('are joined by a job that would do the very same', async () => {
    const first = claim(['join.org']);
    await claims.take(first, 'add');
    const second = claim(['join.org'], { payloadHash: first.payloadHash });
    expect(await claims.take(second, 'add')).to.deep.equal({ state: 'joined', by: first.jobId });
  });

  it('are not joined by a job of another kind', async () => {
    const first = claim(['kind.org']);
    await claims.take(first, 'add');
    const second = claim(['kind.org'], { payloadHash: first.payloadHash, kind: 'destroy' });
    expect(await claims.take(second, 'add')).to.include({ state: 'busy' });
  });

  it('are not joined by work without a job', async () => {
    const first = claim(['alone.org']);
    await claims.take(first, 'direct');
    const second = claim(['alone.org'], { payloadHash: first.payloadHash });
    expect(await claims.take(second, 'direct')).to.include({ state: 'busy', by: first.jobId });
  });

  it('tell others which job holds which name, and what it does', async () => {
    const first = claim(['one.busy.org', 'two.busy.org']);
    await claims.take(first, 'add');
    const answer = await claims.take(claim(['three.busy.org', 'two.busy.org']), 'add');
    expect(answer).to.deep.equal({ state: 'busy', by: first.jobId, kind: 'create', name: 'two.busy.org' });
  });

  it('hold while their job is not added yet', async () => {
    await claims.take(claim(['adding.org']), 'add');
    expect((await claims.take(claim(['adding.org']), 'add')).state).to.equal('busy');
  });

  it('are taken over when their job was never added', async () => {
    await claims.take(claim(['never.org']), 'add');
    await makeOld('never.org');
    expect((await claims.take(claim(['never.org']), 'add')).state).to.equal('held');
  });

  it('hold as long as their job waits, however long', async () => {
    const mine = claim(['waits.org']);
    await claims.take(mine, 'add');
    const job = await test.add(payloadFor('waits.org'), mine.jobId);
    await makeOld('waits.org');
    expect((await claims.take(claim(['waits.org']), 'add')).state).to.equal('busy');
    await job.remove();
    expect((await claims.take(claim(['waits.org']), 'add')).state).to.equal('held');
  });

  it('are taken over when their job has failed', async () => {
    const job = await test.failed(payloadFor('failed.org'));
    await claims.take(claim(['failed.org'], { jobId: job.id ?? '' }), 'add');
    expect((await claims.take(claim(['failed.org']), 'add')).state).to.equal('held');
  });

  it('are taken over when their job is done', async () => {
    await test.add(payloadFor('done.org'));
    const job = await test.start();
    await job.moveToCompleted('created', 'token', false);
    await claims.take(claim(['done.org'], { jobId: job.id ?? '' }), 'add');
    expect((await claims.take(claim(['done.org']), 'add')).state).to.equal('held');
  });

  describe('of a job that is tried again', () => {
    it('are refused where a newer job for the domain exists, ended or not', async () => {
      const old = await test.failed(payloadFor('newer.org'));
      await claims.take(claim(['newer.org'], { jobId: old.id ?? '' }), 'add');
      const newer = await test.failed(payloadFor('newer.org'));
      await claims.take(claim(['newer.org'], { jobId: newer.id ?? '' }), 'add');
      await claims.release(newer.id ?? '', ['newer.org']);
      const answer = await claims.take(claim(['newer.org'], { jobId: old.id ?? '' }), 'retry');
      expect(answer).to.deep.equal({ state: 'newer', by: newer.id });
    });

    it('are given when the newer job is gone', async () => {
      const old = await test.failed(payloadFor('gone.org'));
      const newer = claim(['gone.org']);
      await claims.take(newer, 'add');
      await claims.release(newer.jobId, ['gone.org']);
      const answer = await claims.take(claim(['gone.org'], { jobId: old.id ?? '' }), 'retry');
      expect(answer).to.deep.equal({ state: 'held' });
    });

    it('are refused where a newer job is known, also after work without a job', async () => {
      const old = await test.failed(payloadFor('direct.org'));
      const newer = await test.failed(payloadFor('direct.org'));
      await claims.take(claim(['direct.org'], { jobId: newer.id ?? '' }), 'add');
      const direct = claim(['direct.org']);
      await claims.take(direct, 'direct');
      await claims.release(direct.jobId, direct.names);
      const answer = await claims.take(claim(['direct.org'], { jobId: old.id ?? '' }), 'retry');
      expect(answer).to.deep.equal({ state: 'newer', by: newer.id });
    });

    it('are not joined, for its work would be dropped', async () => {
      const holder = claim(['nojoin.org']);
      await claims.take(holder, 'add');
      await test.add(payloadFor('nojoin.org'), holder.jobId);
      const again = claim(['nojoin.org'], { payloadHash: holder.payloadHash });
      expect(await claims.take(again, 'retry')).to.include({ state: 'busy', by: holder.jobId });
    });

    it('hold from then on, although the job still counts as failed', async () => {
      const job = await test.failed(payloadFor('moment.org'));
      await claims.take(claim(['moment.org'], { jobId: job.id ?? '' }), 'retry');
      expect((await claims.take(claim(['moment.org']), 'add')).state).to.equal('busy');
    });
  });

  describe('that are released', () => {
    it('are free', async () => {
      const mine = claim(['free.org', 'alias.free.org']);
      await claims.take(mine, 'add');
      await claims.release(mine.jobId, mine.names);
      expect((await claims.take(claim(['alias.free.org', 'free.org']), 'add')).state).to.equal('held');
    });

    it('stay with the one who took them over', async () => {
      const [mine, theirs] = [claim(['over.org']), claim(['over.org'])];
      await claims.take(mine, 'add');
      await makeOld('over.org');
      await claims.take(theirs, 'add');
      await claims.release(mine.jobId, mine.names);
      expect(await claims.take(claim(['over.org']), 'add')).to.include({ state: 'busy', by: theirs.jobId });
    });

    it('answer the rows that joined, once', async () => {
      const mine = claim(['rows.org']);
      await claims.take(mine, 'add');
      for (const joiner of ['B 7', 'B 8', 'B 8']) {
        await claims.take(claim(['rows.org'], { payloadHash: mine.payloadHash, joiner }), 'add');
      }
      expect((await claims.release(mine.jobId, mine.names)).sort()).to.deep.equal(['B 7', 'B 8']);
      expect(await claims.release(mine.jobId, mine.names)).to.deep.equal([]);
    });
  });
});
