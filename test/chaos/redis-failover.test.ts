import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import type { InstanceOptions } from '../../src/instances/options/options.ts';
import type { Batch } from '../../src/jobs/batches/batches.ts';
import { creation, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosPlaces,
  doneRows,
  findings,
  instancesOf,
  openChaosPlaces,
  optionsFor,
  queueBatch,
} from '../support/chaos-fleet.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestCluster } from '../support/redis-cluster.ts';
import { MASTER, startWatchedRedis } from '../support/redis-sentinels.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import type { TestCouch } from '../support/servers.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

/** Rows of each batch; the acceptance runs have 100. */
const ROWS = Number(process.env['CHAOS_REDIS_ROWS'] ?? 12);

/** Jobs at a time in each of two workers: some have to wait when something happens to Redis. */
const CONCURRENCY = ROWS < 50 ? 2 : 4;

/** A loaded machine makes an instance in some seconds. */
const PATIENCE_MS = 120_000 + ROWS * 5_000;
const TIMEOUT_MS = 3 * PATIENCE_MS;

/** How long Redis is away where it is away, in milliseconds. */
const AWAY_MS = 3_000;

/**
 * Work goes on within this time after a failover, in milliseconds; a silence is noticed in the other. Both are some
 * seconds where a machine has nothing else to do; beside other tests the row that is waited for takes as many itself.
 */
const ON_AGAIN_MS = 45_000;
const NOTICED_MS = 60_000;

/** As in our redis.conf. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

describe('a batch during which Redis', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  const cleanup = new Cleanup();
  let couch: TestCouch;

  before(async () => {
    couch = suite.add(await startSharedCouch(), (each) => each.close());
  });
  afterEach(() => cleanup.run());
  after(() => suite.run());

  async function start(...settings: string[]): Promise<RedisServer> {
    return cleanup.add(await startRedisServer({ settings: [...DURABLE, ...settings] }), (each) =>
      each.close(),
    );
  }

  async function proxyTo({ port }: RedisServer): Promise<TcpProxy> {
    return cleanup.add(await openTcpProxy(port), (each) => each.close());
  }

  async function follows(replica: RedisServer): Promise<void> {
    await until('the replica follows', async () =>
      (await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
    );
  }

  async function open(redis: RedisTarget): Promise<{ chaos: ChaosPlaces; all: InstanceOptions[] }> {
    const chaos = cleanup.add(await openChaosPlaces(couch.url, redis), (each) => each.close());
    for (let at = 0; at < 2; at += 1) {
      const worker = await startChaosWorker({ ...chaos.settings, concurrency: CONCURRENCY });
      cleanup.add(worker, (each) => each.kill());
    }
    const all = Array.from({ length: ROWS }, (_, at) => optionsFor(chaos.domain(`row-${at}`)));
    return { chaos, all };
  }

  /** Waits until that many rows are done; answers how long it took, in milliseconds. */
  async function untilDone(
    { fleet }: ChaosPlaces,
    id: string,
    rows: number,
    patience: number,
  ): Promise<number> {
    const since = performance.now();
    for (;;) {
      const batch = await fleet.batches.get(id);
      if (doneRows(batch) >= rows || batch.endedAt !== undefined) return performance.now() - since;
      if (performance.now() - since > patience)
        throw new Error(`it does not go on: ${JSON.stringify(batch)}`);
      await sleep(50);
    }
  }

  async function untilEnded({ fleet }: ChaosPlaces, id: string): Promise<Batch> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const batch = await fleet.batches.get(id);
      if (batch.endedAt !== undefined) return batch;
      if (performance.now() > deadline) throw new Error(`it does not end: ${JSON.stringify(batch)}`);
      await sleep(100);
    }
  }

  /** That each row was done or lost, is done once what was lost is submitted again, and all are made once. */
  async function expectAllMade(
    chaos: ChaosPlaces,
    id: string,
    all: readonly InstanceOptions[],
  ): Promise<number> {
    const ended = await untilEnded(chaos, id);
    expect(doneRows(ended) + ended.counts.failed, JSON.stringify(ended)).to.equal(all.length);
    for await (const row of chaos.fleet.batches.rows(id, 'failed'))
      expect(row.code, row.error).to.equal('lost');
    if (ended.counts.failed > 0) {
      const again = await untilEnded(chaos, await queueBatch(chaos, all));
      expect(doneRows(again), JSON.stringify(again)).to.equal(all.length);
    }
    const found = await Promise.all(all.map((options) => findings(chaos, options)));
    expect(found.flat()).to.deep.equal([]);
    const domains = all.map(({ domain }) => domain);
    expect(await instancesOf(chaos.couch, domains)).to.have.length(all.length);
    return ended.counts.failed;
  }

  /** Runs a batch, does something to its Redis in the middle of it, and looks at what becomes of it. */
  async function disturb(
    redis: RedisTarget,
    limit: number,
    disturbance: (chaos: ChaosPlaces) => Promise<void>,
  ): Promise<void> {
    const { chaos, all } = await open(redis);
    const id = await queueBatch(chaos, all);
    await untilDone(chaos, id, Math.ceil(ROWS / 4), PATIENCE_MS);
    const before = doneRows(await chaos.fleet.batches.get(id));
    await disturbance(chaos);
    const onAgain = await untilDone(chaos, id, before + 1, PATIENCE_MS);
    const lost = await expectAllMade(chaos, id, all);
    console.log(
      `      the next row was done after ${(onAgain / 1000).toFixed(1)} s, ${lost} of ${ROWS} were lost`,
    );
    expect(onAgain).to.be.below(limit);
  }

  /** What lies under a proxy, as behind the address that a hoster moves. */
  const at = ({ port }: TcpProxy) => redisAt(`redis://127.0.0.1:${port}`);

  it('fails over: the replica is promoted, and the old master goes on as its replica', async () => {
    const master = await start();
    const replica = await start('--replicaof', `127.0.0.1 ${master.port}`);
    const proxy = await proxyTo(master);
    await follows(replica);
    await disturb(at(proxy), ON_AGAIN_MS, async () => {
      await replica.ask('REPLICAOF', 'NO', 'ONE');
      await master.ask('REPLICAOF', '127.0.0.1', String(replica.port));
      proxy.aim(replica.port);
    });
  });

  it('fails over to a replica that lagged: what the batch had acknowledged is lost', async () => {
    const master = await start();
    const link = await proxyTo(master);
    const replica = await start('--replicaof', `127.0.0.1 ${link.port}`);
    const proxy = await proxyTo(master);
    await follows(replica);
    const { chaos, all } = await open(at(proxy));
    const { fleet } = chaos;
    const kind = 'create';
    const id = await fleet.batches.create({ kind, name: 'chaos', reason: '', by: 'chaos', total: ROWS });
    const rows = all.map((options, at) => ({ row: at + 1, ...creation({ options, tries: 8 }) }));
    const first = Math.ceil((ROWS * 3) / 4);
    await enqueueRows(fleet, id, rows.slice(0, first));
    await untilDone(chaos, id, Math.ceil(ROWS / 8), PATIENCE_MS);
    const seen = Number(/master_repl_offset:(\d+)/.exec(await master.ask('INFO', 'replication'))?.[1]);
    await until(
      'the replica has caught up',
      async () =>
        Number(/slave_repl_offset:(\d+)/.exec(await replica.ask('INFO', 'replication'))?.[1]) >= seen,
    );
    link.silence();
    await enqueueRows(fleet, id, rows.slice(first));
    const before = doneRows(await fleet.batches.get(id));
    await untilDone(chaos, id, before + 3, PATIENCE_MS);
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    await master.ask('REPLICAOF', '127.0.0.1', String(replica.port));
    proxy.aim(replica.port);
    const since = performance.now();
    const kept = doneRows(await fleet.batches.get(id));
    const onAgain = await untilDone(chaos, id, kept + 1, PATIENCE_MS);
    expect(onAgain).to.be.below(ON_AGAIN_MS);
    const lost = await expectAllMade(chaos, id, all);
    const whole = ((performance.now() - since) / 1000).toFixed(1);
    console.log(
      `      the next row was done after ${(onAgain / 1000).toFixed(1)} s, ${lost} of ${ROWS} were lost, all were made after ${whole} s`,
    );
    expect(lost).to.be.above(0);
  });

  it('passes nothing on any more, on connections that stay open', async () => {
    const proxy = await proxyTo(await start());
    await disturb(at(proxy), NOTICED_MS, async () => proxy.silence());
  });

  it('is killed and comes back', async () => {
    const server = await start();
    await disturb(redisAt(server.url), ON_AGAIN_MS, async () => {
      await server.kill();
      await sleep(AWAY_MS);
      await server.start();
    });
  });

  it('is watched over by three sentinels, and its master freezes', async () => {
    const watched = cleanup.add(await startWatchedRedis(DURABLE), (each) => each.close());
    const nodes = watched.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    const target: RedisTarget = { kind: 'sentinel', master: MASTER, nodes, database: 0 };
    await disturb(target, ON_AGAIN_MS, async () => watched.master.freeze());
  });

  it('is a cluster of three nodes: the one with our keys freezes, and its replica takes its place', async () => {
    const cluster = cleanup.add(await startTestCluster(DURABLE), (each) => each.close());
    const nodes = cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
    const target: RedisTarget = { kind: 'cluster', nodes, database: 0 };
    await disturb(target, ON_AGAIN_MS, async (chaos) => {
      await cluster.addReplica(ourKey(chaos));
      (await cluster.ownerOf(ourKey(chaos))).freeze();
    });
  });

  /** Any of the fleet's: all have one slot. */
  const ourKey = ({ settings }: ChaosPlaces): string => `{${settings.prefix}}:id`;
});
