import { expect } from 'chai';
import type { Batches, NewBatch, Report, Row } from '../../../src/jobs/batches/batches.ts';
import { fence, ROW_STATES, type RowState } from '../../../src/jobs/batches/row-state.ts';
import { batchRow } from '../../support/batch-row.ts';
import { clockMoves } from '../../support/clock-moves.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { startTestQueue, type TestQueue } from '../fixture.ts';

function newBatch(total: number, changes: Partial<NewBatch> = {}): NewBatch {
  return { kind: 'create', name: 'school.csv', reason: 'new year', by: 'root@ops', total, ...changes };
}

/** Random numbers that are the same each time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function shuffled<T>(items: readonly T[], random: (below: number) => number): T[] {
  return items
    .map((item) => ({ item, at: random(2 ** 30) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

describe('batches', () => {
  let test: TestQueue;
  let batches: Batches;

  before(async () => {
    test = await startTestQueue();
    batches = test.fleet.batches;
  });

  after(() => test.close());

  function report(batchId: string, row: number, state: RowState, changes: Partial<Report> = {}) {
    return batches.report({
      batchId,
      row,
      state,
      domain: `r${row}.org`,
      generation: 0,
      attempt: 1,
      ...changes,
    });
  }

  async function rowsOf(id: string, ...states: RowState[]): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of batches.rows(id, ...states)) rows.push(row);
    return rows;
  }

  it('count rows with services that were not told, each once, for as long as its row says so', async () => {
    const id = await batches.create(newBatch(3));
    const untoldOf = async () => (await batches.get(id)).untold;
    const untold = 'Cloudery (it answered 503)';
    await report(id, 1, 'active', { untold });
    await report(id, 1, 'done', { untold });
    await report(id, 2, 'incomplete', { untold });
    // What only looks so counts for nothing.
    await report(id, 3, 'failed', { error: '"untold": "x"' });
    expect(await untoldOf()).to.equal(2);
    await report(id, 2, 'waiting', { generation: 1 });
    expect(await untoldOf()).to.equal(1);
  });

  it('count those that come after rows of an earlier version, which has counted none', async () => {
    const { redis, keys } = test.fleet;
    const id = await batches.create(newBatch(3));
    const untold = 'Cloudery (it answered 503)';
    for (const row of [1, 2]) await report(id, row, 'done', { untold });
    await redis.hdel(keys.batch(id), 'untold');
    for (const row of [1, 2]) await report(id, row, 'waiting', { generation: 1 });
    await report(id, 3, 'done', { untold });
    expect((await batches.get(id)).untold).to.equal(1);
  });

  /** A batch whose rows all wait. */
  async function waitingBatch(total: number, changes: Partial<NewBatch> = {}): Promise<string> {
    const id = await batches.create(newBatch(total, changes));
    const rows = Array.from({ length: total }, (_, at) => at + 1);
    await Promise.all(rows.map((row) => report(id, row, 'waiting', { attempt: 0 })));
    return id;
  }

  it('know rows that are entered together as they know those that are told one by one', async () => {
    const { redis, keys } = test.fleet;
    const rows = Array.from({ length: 230 }, (_, at) => at + 1);
    const of = (row: number) => ({ row, domain: `r${row}.org`, jobId: `j${row}` });
    const told = await batches.create(newBatch(230));
    const entered = await batches.create(newBatch(230));
    const waiting = { state: 'waiting', generation: 0, attempt: 0 } as const;
    for (const row of rows) await batches.report({ ...of(row), ...waiting, batchId: told, place: row });
    expect(
      await batches.enter(
        entered,
        rows.map((row) => ({ ...of(row), place: row })),
      ),
    ).to.deep.equal([]);
    for (const key of [keys.rows, keys.counts, keys.batch]) {
      const [one, other] = await Promise.all([told, entered].map((id) => redis.hgetall(key(id))));
      const same = key === keys.batch ? { createdAt: one?.['createdAt'] } : {};
      expect({ ...other, ...same }).to.deep.equal(one);
      expect(await redis.ttl(key(entered))).to.be.above(0);
    }
    for (const key of [keys.held, (id: string) => `${keys.counts(id)}:waiting`]) {
      const [one, other] = await Promise.all(
        [told, entered].map((id) => redis.zrange(key(id), '0', '-1', 'WITHSCORES')),
      );
      expect(other).to.deep.equal(one);
      expect(await redis.ttl(key(entered))).to.be.above(0);
    }
    expect(await redis.zscore(keys.gate, entered)).to.equal('0');
    expect(await redis.zscore(`${keys.index}:create:waiting::`, entered)).to.not.equal(null);
  });

  it('leave rows as they are, and say so, of which something was told before they are entered', async () => {
    const id = await batches.create(newBatch(3));
    await report(id, 2, 'done');
    const rows = [1, 2, 3].map((row) => ({ row, domain: `r${row}.org`, jobId: `j${row}` }));
    expect(await batches.enter(id, rows)).to.deep.equal([2]);
    const known = await rowsOf(id, ...ROW_STATES);
    expect(known.map(({ row, state }) => [row, state])).to.have.deep.members([
      [1, 'waiting'],
      [2, 'done'],
      [3, 'waiting'],
    ]);
    expect((await batches.get(id)).endedAt).to.equal(undefined);
  });

  it('keep who wanted them, why and when', async () => {
    const before = Date.now();
    const batch = await batches.get(await batches.create(newBatch(3, { maxFailures: 2 })));
    expect(batch).to.include({
      name: 'school.csv',
      reason: 'new year',
      by: 'root@ops',
      total: 3,
      maxFailures: 2,
    });
    expect(batch.createdAt).to.be.within(before, Date.now());
    expect(batch).to.include({ endedAt: undefined, halt: undefined });
  });

  it('have short names that can be read aloud', async () => {
    expect(await batches.create(newBatch(1))).to.match(/^[2-9A-HJKMNP-TV-Z]{5}$/);
  });

  it('that nobody made are said to be unknown', async () => {
    expect(await thrownBy(batches.get('ZZZZZ'))).to.include({ code: 'unknown_batch' });
  });

  it('are listed newest first', async () => {
    const older = await batches.create(newBatch(1));
    await clockMoves();
    const newer = await batches.create(newBatch(1));
    const ids = (await batches.list(100)).map(({ id }) => id);
    expect(ids.slice(0, 2)).to.deep.equal([newer, older]);
  });

  it('count each row once, in its latest state', async () => {
    const id = await waitingBatch(3);
    await report(id, 1, 'active');
    await report(id, 2, 'active');
    await report(id, 2, 'done');
    expect((await batches.get(id)).counts).to.include({ waiting: 1, active: 1, done: 1 });
  });

  it('refuse a late "active" after the row is done', async () => {
    const id = await waitingBatch(1);
    await report(id, 1, 'done');
    expect(await report(id, 1, 'active')).to.equal(false);
    expect((await batchRow(batches, id, 1))?.state).to.equal('done');
  });

  it('refuse the report of a worker that slept while another took over', async () => {
    const id = await waitingBatch(1);
    await report(id, 1, 'active', { attempt: 2 });
    expect(await report(id, 1, 'failed', { attempt: 1 })).to.equal(false);
  });

  it('take a repeated report for told', async () => {
    const id = await waitingBatch(1);
    await report(id, 1, 'done');
    expect(await report(id, 1, 'done')).to.equal(false);
    expect((await batches.get(id)).counts.done).to.equal(1);
  });

  it('keep what is known of a row', async () => {
    const id = await waitingBatch(1);
    await report(id, 1, 'failed', { jobId: 'j', stage: 'register', tries: 2, code: 'taken', error: 'é "x"' });
    expect(await batchRow(batches, id, 1)).to.deep.equal({
      row: 1,
      state: 'failed',
      domain: 'r1.org',
      jobId: 'j',
      stage: 'register',
      tries: 2,
      code: 'taken',
      error: 'é "x"',
    });
  });

  it('agree with a recount, whatever order and however often reports come from several senders', async () => {
    const ROWS = 200;
    const senders = [test.fleet, await test.another(), await test.another(), await test.another()];
    for (let seed = 1; seed <= 5; seed += 1) {
      const random = randomOf(seed);
      const id = await batches.create(newBatch(ROWS));
      const history = Array.from({ length: ROWS }, (_, at) => historyOf(id, at + 1, random)).flat();
      const sent = shuffled([...history, ...history.filter(() => random(3) === 0)], random);
      await Promise.all(sent.map((each) => senders[random(4)]?.batches.report(each)));

      const latest = new Map<number, Report>();
      for (const each of history) {
        const known = latest.get(each.row);
        if (known === undefined || fenceOf(each) > fenceOf(known)) latest.set(each.row, each);
      }
      const wanted = [...latest.values()].sort((a, b) => a.row - b.row);
      const found = await rowsOf(id);
      expect(found.map(({ row, state }) => [row, state])).to.deep.equal(
        wanted.map(({ row, state }) => [row, state]),
      );
      const { counts } = await batches.get(id);
      for (const state of ROW_STATES) {
        expect(counts[state]).to.equal(wanted.filter((each) => each.state === state).length);
        expect((await rowsOf(id, state)).map(({ row }) => row)).to.deep.equal(
          wanted.filter((each) => each.state === state).map(({ row }) => row),
        );
      }
    }
  });

  describe('end', () => {
    it('when the last row ends', async () => {
      const id = await waitingBatch(2);
      await report(id, 1, 'done');
      expect((await batches.get(id)).endedAt).to.equal(undefined);
      await report(id, 2, 'failed');
      expect((await batches.get(id)).endedAt).to.be.within(Date.now() - 60_000, Date.now() + 1000);
    });

    it('and tell those who listen', async () => {
      const { redis } = await test.another();
      const heard: string[] = [];
      redis.on('message', (_channel, id) => heard.push(id));
      await redis.subscribe(test.fleet.keys.batchChannel);
      const id = await waitingBatch(1);
      await report(id, 1, 'skipped');
      await until('the end was told', () => heard.includes(id));
    });

    it('no more when one of their rows is tried again', async () => {
      const id = await waitingBatch(1);
      await report(id, 1, 'failed');
      await report(id, 1, 'waiting', { generation: 1, attempt: 0 });
      expect((await batches.get(id)).endedAt).to.equal(undefined);
      await report(id, 1, 'done', { generation: 1, attempt: 2 });
      expect((await batches.get(id)).endedAt).to.be.a('number');
    });

    it('when the rows that were not submitted are given up', async () => {
      const id = await batches.create(newBatch(5));
      await report(id, 1, 'done');
      await batches.setTotal(id, 1);
      expect((await batches.get(id)).endedAt).to.be.a('number');
    });

    it('although more rows have ended than they have', async () => {
      const id = await batches.create(newBatch(1));
      await report(id, 1, 'done');
      await report(id, 2, 'active');
      expect((await batches.get(id)).endedAt).to.equal(undefined);
      await report(id, 2, 'done');
      expect((await batches.get(id)).endedAt).to.be.a('number');
    });

    it('not while one of more rows than they have is under way', async () => {
      const id = await batches.create(newBatch(2));
      await report(id, 3, 'waiting', { attempt: 0 });
      await report(id, 1, 'done');
      await report(id, 2, 'done');
      expect((await batches.get(id)).endedAt).to.equal(undefined);
      await batches.setTotal(id, 1);
      expect((await batches.get(id)).endedAt).to.equal(undefined);
      await report(id, 3, 'failed');
      expect((await batches.get(id)).endedAt).to.be.a('number');
    });

    it('when fewer rows were submitted than have ended', async () => {
      const id = await batches.create(newBatch(5));
      await report(id, 1, 'done');
      await report(id, 2, 'done');
      await batches.setTotal(id, 1);
      expect((await batches.get(id)).endedAt).to.be.a('number');
    });
  });

  describe('stop by themselves', () => {
    it('when more rows have failed than were allowed', async () => {
      const id = await waitingBatch(3, { maxFailures: 1 });
      await report(id, 1, 'failed');
      expect(await batches.halt(id)).to.equal(undefined);
      await report(id, 2, 'failed');
      expect(await batches.halt(id)).to.equal('too-many-failures');
    });

    it('at the first failure when none is allowed', async () => {
      const id = await waitingBatch(2, { maxFailures: 0 });
      await report(id, 1, 'failed');
      expect(await batches.halt(id)).to.equal('too-many-failures');
    });

    it('and go on when they are told to', async () => {
      const id = await waitingBatch(2, { maxFailures: 0 });
      await report(id, 1, 'failed');
      await batches.liftHalt(id, { by: 'you@host', reason: 'mended' });
      expect(await batches.halt(id)).to.equal(undefined);
    });

    it('without forgetting that somebody cancelled them', async () => {
      const id = await waitingBatch(2, { maxFailures: 0 });
      await batches.setHalt(id, 'cancelled');
      await report(id, 1, 'failed');
      expect(await batches.halt(id)).to.equal('cancelled');
    });
  });

  describe('list their rows', () => {
    it('in the order of the file, whatever their states, over several pages', async () => {
      const id = await waitingBatch(1200);
      for (let row = 3; row <= 1200; row += 3) await report(id, row, row % 2 === 0 ? 'done' : 'failed');
      const rows = (await rowsOf(id)).map(({ row }) => row);
      expect(rows).to.deep.equal(Array.from({ length: 1200 }, (_, at) => at + 1));
    });

    it('each once although they move while they are listed', async () => {
      const id = await waitingBatch(1200);
      const seen: number[] = [];
      for await (const { row } of batches.rows(id)) {
        if (seen.length % 100 === 0) {
          // Both behind the reader and far ahead of it.
          await report(id, Math.max(1, row - 50), 'done');
          await report(id, Math.min(1200, row + 700), 'done');
          await report(id, Math.min(1200, row + 30), 'active');
        }
        seen.push(row);
      }
      expect(seen).to.deep.equal(Array.from({ length: 1200 }, (_, at) => at + 1));
    });

    it('from any of them on', async () => {
      const id = await waitingBatch(10);
      await report(id, 8, 'done');
      const seen: number[] = [];
      for await (const { row } of batches.rowsAfter(id, 5, ['waiting'])) seen.push(row);
      expect(seen).to.deep.equal([6, 7, 9, 10]);
    });

    it('of one state only, leaving out those that have moved on meanwhile', async () => {
      const id = await waitingBatch(10);
      const seen: number[] = [];
      for await (const { row, state } of batches.rows(id, 'waiting')) {
        expect(state).to.equal('waiting');
        seen.push(row);
      }
      await report(id, 4, 'done');
      expect(seen).to.have.length(10);
      expect((await rowsOf(id, 'waiting')).map(({ row }) => row)).to.not.include(4);
    });
  });

  describe('tell when their rows ended', () => {
    async function endedIn(id: string): Promise<number> {
      return (await batches.ended(id)).reduce((sum, { rows }) => sum + rows, 0);
    }

    it('by ten seconds, each row once', async () => {
      const id = await waitingBatch(4);
      const before = Date.now();
      await report(id, 1, 'active');
      await report(id, 1, 'done');
      await report(id, 1, 'done');
      await report(id, 2, 'failed');
      await report(id, 3, 'active');
      expect(await endedIn(id)).to.equal(2);
      for (const { at } of await batches.ended(id)) {
        expect(at % 10_000).to.equal(0);
        expect(at).to.be.within(before - 10_000, Date.now());
      }
    });

    it('again when they are tried again, and not when a late report wins over a guess', async () => {
      const id = await waitingBatch(2);
      await report(id, 1, 'failed');
      await report(id, 1, 'waiting', { generation: 1, attempt: 0 });
      await report(id, 1, 'done', { generation: 1 });
      expect(await endedIn(id)).to.equal(2);
      const guessed = await batches.create(newBatch(1));
      await batches.giveUp({ batchId: guessed, row: 1, domain: 'r1.org' });
      await report(guessed, 1, 'done');
      expect(await endedIn(guessed)).to.equal(1);
    });

    it('without keeping more than some hours of it', async () => {
      const { redis, keys } = test.fleet;
      const id = await waitingBatch(1);
      const old = Object.fromEntries(Array.from({ length: 2_160 }, (_, at) => [String(at + 1), '1']));
      await redis.hset(keys.rate(id), old);
      await report(id, 1, 'done');
      const times = (await batches.ended(id)).map(({ at }) => at);
      expect(times).to.have.length(2_160);
      expect(times[0]).to.equal(20_000);
      expect(times.at(-1)).to.be.closeTo(Date.now(), 20_000);
    });

    it('for as long as the batch is kept', async () => {
      const { redis, keys } = test.fleet;
      const id = await waitingBatch(1);
      await report(id, 1, 'done');
      expect(await redis.pttl(keys.rate(id))).to.be.closeTo(90 * 24 * 3600 * 1000, 60_000);
    });

    it('and move their rows although somebody has put something else in that place', async () => {
      const { redis, keys } = test.fleet;
      const id = await waitingBatch(1);
      await redis.set(keys.rate(id), 'text');
      expect(await report(id, 1, 'done')).to.equal(true);
      expect((await batches.get(id)).endedAt).to.be.a('number');
      expect(await batches.ended(id)).to.deep.equal([]);
    });

    it('leaving out what is no time', async () => {
      const { redis, keys } = test.fleet;
      const id = await waitingBatch(1);
      await redis.hset(keys.rate(id), {
        text: '1',
        '-5': '1',
        '9999999999999999': '1',
        '7': 'many',
        '8': '2',
      });
      expect(await batches.ended(id)).to.deep.equal([{ at: 80_000, rows: 2 }]);
    });
  });

  it('keep how many rows they were to have where fewer were queued', async () => {
    const id = await batches.create(newBatch(5));
    expect((await batches.get(id)).ordered).to.equal(undefined);
    await batches.setTotal(id, 5);
    expect((await batches.get(id)).ordered).to.equal(undefined);
    await batches.setTotal(id, 2);
    await batches.setTotal(id, 3);
    expect(await batches.get(id)).to.include({ total: 3, ordered: 5 });
  });

  it('keep why they were halted until they go on', async () => {
    const id = await waitingBatch(2);
    await batches.setHalt(id, 'cancelled', { by: 'me@host', reason: 'wrong file' });
    expect(await batches.get(id)).to.include({
      halt: 'cancelled',
      haltReason: 'wrong file',
      haltBy: 'me@host',
    });
    await batches.liftHalt(id, { by: 'you@host', reason: 'mended' });
    expect(await batches.get(id)).to.include({
      halt: undefined,
      haltReason: '',
      haltBy: '',
      retriedBy: 'you@host',
      retryReason: 'mended',
    });
  });

  describe('whose records somebody has broken', () => {
    const kept = { kind: 'create', name: 'f.csv', reason: '', by: 'x', createdAt: '1', total: '1' };

    async function written(changes: Record<string, string>): Promise<string> {
      const { redis, keys } = test.fleet;
      await redis.hset(keys.batch('BR0KEN'), { ...kept, ...changes });
      await redis.zadd(keys.batches, 1, 'BR0KEN');
      return 'BR0KEN';
    }

    afterEach(async () => {
      const { redis, keys } = test.fleet;
      await redis.del(keys.batch('BR0KEN'), keys.counts('BR0KEN'), keys.rows('BR0KEN'));
      await redis.zrem(keys.batches, 'BR0KEN');
    });

    for (const [field, value] of [
      ['total', '1000000000000'],
      ['total', '-1'],
      ['total', 'many'],
      ['total', '1.5'],
    ] as const) {
      it(`are none with a ${field} of ${value}`, async () => {
        const id = await written({ [field]: value });
        expect(await thrownBy(batches.get(id))).to.include({ code: 'unknown_batch' });
      });
    }

    it('have a time that can be shown', async () => {
      const { createdAt, endedAt } = await batches.get(await written({ createdAt: 'abc', endedAt: '1e99' }));
      expect({ createdAt, endedAt }).to.deep.equal({ createdAt: 0, endedAt: undefined });
    });

    it('count no rows by what is no number', async () => {
      const id = await written({});
      await test.fleet.redis.hset(test.fleet.keys.counts(id), { waiting: 'x', done: '-3', failed: '2' });
      expect((await batches.get(id)).counts).to.include({ waiting: 0, done: 0, failed: 2 });
    });

    it('do not keep others from being listed', async () => {
      const { redis, keys } = test.fleet;
      const id = await batches.create(newBatch(1));
      await redis.set(keys.batch('BR0KEN'), 'text');
      await redis.zadd(keys.batches, Date.now() + 1000, 'BR0KEN');
      expect((await batches.list(100)).map((batch) => batch.id))
        .to.include(id)
        .and.not.include('BR0KEN');
    });

    for (const record of ['', 'nonsense', 'waiting 1 {', 'waiting 1 7', 'waiting 1 {"domain":5}']) {
      it(`show a row of which there is ${JSON.stringify(record)} as failed, and the others`, async () => {
        const id = await waitingBatch(3);
        await test.fleet.redis.hset(test.fleet.keys.rows(id), '2', record);
        const rows = await rowsOf(id);
        expect(rows.map(({ state }) => state)).to.deep.equal(['waiting', 'failed', 'waiting']);
        expect(rows[1]).to.include({ row: 2, code: 'bad_record' });
        expect(await batchRow(batches, id, 2)).to.include({ state: 'failed', code: 'bad_record' });
      });
    }

    it('take a report on a row of which there is nothing that can be read', async () => {
      const id = await waitingBatch(1);
      await test.fleet.redis.hset(test.fleet.keys.rows(id), '1', 'nonsense');
      expect(await report(id, 1, 'done')).to.equal(true);
      expect(await rowsOf(id, 'done')).to.have.length(1);
    });

    it('list each row once where a set has numbers that are none of theirs', async () => {
      const id = await waitingBatch(2);
      const { redis, keys } = test.fleet;
      const set = `${keys.counts(id)}:waiting`;
      await redis.zadd(set, 5, 'text', 1000, '1', 'inf', 'end', 2.5, 'half');
      expect((await rowsOf(id)).map(({ row }) => row)).to.have.members([1, 2]);
    });
  });
});

/** Everything that was ever reported about one row, with one ending at most for each attempt. */
function historyOf(batchId: string, row: number, random: (below: number) => number): Report[] {
  const reports: Report[] = [];
  const add = (state: RowState, generation: number, attempt: number) =>
    reports.push({ batchId, row, state, generation, attempt, domain: `r${row}.org` });
  let attempt = 0;
  for (let generation = 0; generation <= random(3); generation += 1) {
    add('waiting', generation, 0);
    for (let tries = random(4); tries >= 0; tries -= 1) {
      attempt += 1;
      add('active', generation, attempt);
      if (tries > 0) add('retrying', generation, attempt);
      else if (random(4) > 0) add(ROW_STATES[3 + random(4)] ?? 'done', generation, attempt);
    }
  }
  return reports;
}

function fenceOf({ generation, attempt, state }: Report): number {
  return fence(generation, attempt, state);
}
