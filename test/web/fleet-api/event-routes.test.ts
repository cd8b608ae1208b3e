import { expect } from 'chai';
import type { RowState } from '../../../src/jobs/batches/row-state.ts';
import { readEvents } from '../../support/event-reader.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { type FleetWeb, startFleetWeb } from '../../support/fleet-web.ts';
import { until } from '../../support/until.ts';

describe('the events of a batch', () => {
  let fleet: TestFleet;
  let web: FleetWeb;

  before(async () => {
    fleet = await startTestFleet({ worker: false });
    web = await startFleetWeb(fleet, { periodMs: 100, heartbeatMs: 200, mostStreams: 20 });
  });

  after(async () => {
    await web?.close();
    await fleet?.close();
  });

  afterEach(() =>
    until('nobody follows anything', () => web.desk.feeds.streams + web.desk.feeds.followed === 0),
  );

  /** The server's own view of it, for the test's does not survive an outage. */
  async function made(total: number): Promise<string> {
    const { batches } = await web.context.fleet();
    return await batches.create({ kind: 'create', name: 'school.csv', reason: '', by: 'me@host', total });
  }

  async function report(batchId: string, row: number, state: RowState, generation = 0): Promise<void> {
    const domain = `r${row}.example.org`;
    const stage = state === 'failed' ? { stage: 'register', code: 'taken', error: 'it is taken' } : {};
    const { batches } = await web.context.fleet();
    await batches.report({ batchId, row, domain, state, generation, attempt: 1, ...stage });
  }

  const events = (id: string, headers?: Record<string, string>) =>
    readEvents(`${web.url}/fleet/batches/${id}/events`, headers);

  it('tell how it stands at once, and are not kept by caches and proxies', async () => {
    const id = await made(2);
    const reader = await events(id.toLowerCase());
    expect(reader.status).to.equal(200);
    expect(reader.headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await until('the first has come', () => reader.events.length > 0);
    expect(reader.events[0]).to.include({ event: 'batch' });
    expect(reader.events[0]?.data).to.include({ batch: id, state: 'running', total: 2, queued: 0, ended: 0 });
    reader.leave();
  });

  it('tell each change, where rows failed and why, and its end; then the stream ends', async () => {
    const id = await made(2);
    await report(id, 1, 'active');
    const reader = await events(id);
    await report(id, 1, 'failed');
    await until('the failure was told', () => reader.events.at(-1)?.data['ended'] === 1);
    expect(reader.events.at(-1)?.data).to.deep.include({
      failures: [{ code: 'taken', rows: 1 }],
      failedByStage: [{ stage: 'register', rows: 1 }],
    });
    await report(id, 2, 'done');
    await until('it was closed', () => reader.isClosed);
    const [last, end] = reader.events.slice(-2);
    expect(last?.data).to.include({ state: 'partly failed', ended: 2 });
    expect(end).to.include({ event: 'end' });
  });

  it('say nothing twice, and keep the connection by comments while nothing changes', async () => {
    const id = await made(1);
    const reader = await events(id);
    await until('some comments have come', () => reader.comments >= 3);
    const told = reader.events.map((each) => each.id);
    expect(new Set(told).size).to.equal(told.length);
    // Only the steps of the rate move on by themselves, every ten seconds.
    expect(told.length).to.be.at.most(2);
    reader.leave();
  });

  it('begin with the newest state for whoever connects again', async () => {
    const id = await made(2);
    const first = await events(id);
    await until('the first has come', () => first.events.length > 0);
    const lastId = first.events[0]?.id ?? '';
    first.leave();
    await report(id, 1, 'done');
    const again = await events(id, { 'last-event-id': lastId });
    await until('the newest has come', () => again.events.length > 0);
    expect(again.events[0]?.data).to.include({ ended: 1 });
    expect(again.events[0]?.id).not.to.equal(lastId);
    again.leave();
  });

  it('end at once for a batch that has ended', async () => {
    const id = await made(1);
    await report(id, 1, 'done');
    const reader = await events(id);
    await until('it was closed', () => reader.isClosed);
    expect(reader.events.map(({ event }) => event)).to.deep.equal(['batch', 'end']);
  });

  it('end when Redis loses the batch', async () => {
    const id = await made(1);
    const reader = await events(id);
    await until('the first has come', () => reader.events.length > 0);
    const { redis, keys } = await web.context.fleet();
    await redis.del(keys.batch(id));
    await until('it was closed', () => reader.isClosed);
  });

  it('of a batch that nobody knows are a 404', async () => {
    const answer = await web.ask('/fleet/batches/ZZZZZ/events');
    expect(answer.status).to.equal(404);
    expect(answer.json()['error']).to.include({ code: 'unknown_batch' });
  });

  it('cannot be asked for without their body', async () => {
    const id = await made(1);
    expect((await web.ask(`/fleet/batches/${id}/events`, { method: 'HEAD' })).status).to.equal(404);
  });

  it('are read from Redis once for all who follow them', async () => {
    const id = await made(1);
    const readers = await Promise.all(Array.from({ length: 15 }, () => events(id)));
    await until('all have begun', () => readers.every((each) => each.events.length > 0));
    expect(web.desk.feeds).to.include({ streams: 15, followed: 1 });
    const before = await commandsOf('hgetall');
    const comments = readers[0]?.comments ?? 0;
    await until('a while has passed', () => (readers[0]?.comments ?? 0) >= comments + 3);
    // Two each look, ten looks a second, for less than two seconds; one reader each would be fifteen times as many.
    expect((await commandsOf('hgetall')) - before).to.be.within(2, 60);
    for (const each of readers) each.leave();
  });

  async function commandsOf(name: string): Promise<number> {
    const { redis } = await web.context.fleet();
    const info = await redis.call('INFO', 'commandstats');
    return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(String(info))?.[1] ?? 0);
  }

  it('are refused to more clients than may follow at a time', async () => {
    const id = await made(1);
    const readers = await Promise.all(Array.from({ length: 20 }, () => events(id)));
    const refused = await web.ask(`/fleet/batches/${id}/events`);
    expect(refused.status).to.equal(503);
    expect(refused.json()['error']).to.include({ code: 'server_busy' });
    expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
    for (const each of readers) each.leave();
    await until('all have left', () => web.desk.feeds.streams === 0);
    const next = await events(id);
    expect(next.status).to.equal(200);
    next.leave();
  });

  it('go on after Redis was away', async () => {
    const id = await made(1);
    const reader = await events(id);
    await until('the first has come', () => reader.events.length > 0);
    await fleet.redis.stop();
    const away = await web.ask('/fleet/batches');
    expect(away.status).to.equal(503);
    expect(away.headers.get('retry-after')).to.match(/^\d+$/);
    expect(away.json()['error']).to.include({ code: 'redis_unreachable' });
    await fleet.redis.start();
    await until('Redis answers again', async () => (await web.ask('/fleet/batches')).status === 200);
    await report(id, 1, 'done');
    await until('its end was told', () => reader.events.at(-1)?.event === 'end');
  }).timeout(60_000);

  it('end when the server stops', async () => {
    const id = await made(1);
    const other = await startFleetWeb(fleet);
    const reader = await readEvents(`${other.url}/fleet/batches/${id}/events`);
    await other.close();
    await until('it was closed', () => reader.isClosed);
    expect(reader.events.map(({ event }) => event)).not.to.include('end');
  });

  it('of the fleet tell of its batches, its queue and its workers', async () => {
    const id = await made(1);
    const reader = await readEvents(`${web.url}/fleet/events`);
    await until('the first has come', () => reader.events.length > 0);
    const { event, data } = reader.events[0] ?? {};
    expect(event).to.equal('fleet');
    expect(data).to.have.nested.property('batches[0].batch', id);
    expect(data).to.have.nested.property('queue.jobs.waiting', 0);
    expect(data).to.have.property('workers').that.deep.equals([]);
    await report(id, 1, 'done');
    await until('the change was told', () =>
      JSON.stringify(reader.events.at(-1)?.data).includes('"state":"done"'),
    );
    reader.leave();
  });
});

describe('the events of a batch that a worker works on', () => {
  it('are followed to its end, with the stages that rows are in', async () => {
    const fleet = await startTestFleet({ worker: false, concurrency: 2 });
    const web = await startFleetWeb(fleet, { periodMs: 50 });
    try {
      const held = fleet.domain('held');
      const domains = [held, ...[1, 2, 3].map((at) => fleet.domain(`e${at}`))];
      const taken = fleet.domain('taken');
      await fleet.putInstance({ domain: fleet.domain('owner'), domain_aliases: [taken] });
      const rows = `domain\n${[...domains, taken].join('\n')}\n`;
      const { batch } = (await web.post('/fleet/batches', 'text/csv', rows)).json();
      const reader = await readEvents(`${web.url}/fleet/batches/${batch}/events`);
      let goOn = (): void => undefined;
      const release = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      fleet.beforeStage('settings', () => release);
      await fleet.startWorker();
      await until('a row was seen in a stage', () =>
        reader.events.some(({ data }) => JSON.stringify(data['activeByStage']).includes('"stage":"')),
      );
      goOn();
      await until('its end was told', () => reader.events.at(-1)?.event === 'end');
      const last = reader.events.at(-2)?.data;
      expect(last).to.include({ ended: 5, queued: 5, state: 'partly failed' });
      expect(last).to.have.nested.property('counts.done', 4);
      expect(last).to.have.nested.property('failures[0].code', 'taken');
      expect(last).to.have.nested.property('failedByStage[0].stage', 'register');
      const rate = last?.['rate'];
      expect(JSON.stringify(rate)).to.match(/"seconds":10,"rows":\[[\d,]+\]/);
    } finally {
      await web.close();
      await fleet.close();
    }
  }).timeout(60_000);
});
