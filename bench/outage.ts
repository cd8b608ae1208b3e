import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RedisTarget } from '../src/config/redis-target.ts';
import { LOGIN_RETRY_MS } from '../src/couchdb/login-gate.ts';
import { type ChaosCouch, startChaosCouch } from '../test/support/chaos-couch.ts';
import {
  type ChaosPlaces,
  doneRows,
  openChaosPlaces,
  optionsFor,
  queueBatch,
} from '../test/support/chaos-fleet.ts';
import { type ChaosWorker, startChaosWorker } from '../test/support/chaos-process.ts';
import { Cleanup } from '../test/support/cleanup.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { MASTER, startWatchedRedis } from '../test/support/redis-sentinels.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { timePasses } from '../test/support/time-passes.ts';
import { median } from './report/statistics.ts';

// Measures how soon the next row of a batch is done once that has come back which was away, or has a successor.

/** Work goes on within 2 s (`ARCHITECTURE.md` §4.3); one instance has to be finished on top of it. */
const GOAL_MS = 5_000;

/** Of a Redis that freezes: three sentinels notice it after 2 s, agree, and promote its replica, as README promises. */
const FAILOVER_GOAL_MS = 20_000;

/** As in our redis.conf. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

const ROWS = 60;
const CONCURRENCY = 6;
const POLL_MS = 20;
const GIVING_UP_MS = 120_000;

const USAGE = `npm run bench:outage -- [options]

  --rounds <n>   outages of each kind (3)
  --away <s>     seconds that each lasts (4)
  --json         the figures as JSON
  --help

Always on an embedded CouchDB, which it kills.`;

/** A batch under way, with what can be taken away from it. */
interface Running {
  readonly couch: ChaosCouch;
  readonly chaos: ChaosPlaces;
  readonly worker: ChaosWorker;
  readonly batchId: string;
  readonly redis: OutageRedis;
}

/** The Redis of a batch. */
interface OutageRedis {
  readonly target: RedisTarget;
  /** Has its master answer nobody any more. */
  freeze(): void;
}

interface Outage {
  readonly name: string;
  readonly goalMs: number;
  openRedis(cleanup: Cleanup): Promise<OutageRedis>;
  /** Takes something away, and brings it back after so many milliseconds, or leaves that to others. */
  take(running: Running, awayMs: number): Promise<void>;
}

const OUTAGES: readonly Outage[] = [
  {
    name: 'CouchDB is killed',
    goalMs: GOAL_MS,
    openRedis: openOneRedis,
    async take({ couch }, awayMs) {
      await couch.kill();
      await sleep(awayMs);
      await couch.start();
    },
  },
  {
    name: 'CouchDB knows another password',
    goalMs: GOAL_MS,
    openRedis: openOneRedis,
    async take({ couch, chaos, worker, batchId }, awayMs) {
      await couch.kill();
      await worker.logged(/holding work back/);
      while ((await chaos.fleet.batches.get(batchId)).counts.active > 0) await sleep(POLL_MS);
      await couch.start('another');
      await sleep(awayMs);
      await couch.kill();
      await couch.start();
      // The right password is tried with the next try only, two and a half minutes later.
      await timePasses(chaos.fleet.redis, chaos.fleet.keys, LOGIN_RETRY_MS);
    },
  },
  {
    name: 'the storage is moved away',
    goalMs: GOAL_MS,
    openRedis: openOneRedis,
    async take({ chaos }, awayMs) {
      const { storageRoot } = chaos.settings;
      const elsewhere = `${storageRoot}-unmounted`;
      await rename(storageRoot, elsewhere);
      await sleep(awayMs);
      await rename(elsewhere, storageRoot);
    },
  },
  {
    name: 'the master of a Redis freezes',
    goalMs: FAILOVER_GOAL_MS,
    async openRedis(cleanup) {
      const watched = cleanup.add(await startWatchedRedis(DURABLE), (each) => each.close());
      const nodes = watched.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
      const target: RedisTarget = { kind: 'sentinel', master: MASTER, nodes, database: 0 };
      return { target, freeze: () => watched.master.freeze() };
    },
    take: async ({ redis }) => redis.freeze(),
  },
];

async function openOneRedis(cleanup: Cleanup): Promise<OutageRedis> {
  const server = cleanup.add(await startRedisServer({ settings: DURABLE }), (each) => each.close());
  return { target: redisAt(server.url), freeze: () => server.freeze() };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      away: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const awayMs = Number(values.away) * 1000;
  const returns: Record<string, number[]> = {};
  for (const outage of OUTAGES) {
    const { name, goalMs } = outage;
    const measured: number[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      measured.push(Math.round(await measure(outage, awayMs)));
    }
    returns[name] = measured;
    if (!values.json) {
      const each = measured.join(', ');
      console.log(`${name.padEnd(32)} median ${median(measured)} ms, goal ≤ ${goalMs} ms (${each})`);
    }
  }
  if (values.json) {
    const goals = Object.fromEntries(OUTAGES.map(({ name, goalMs }) => [name, goalMs]));
    console.log(JSON.stringify({ node: process.version, awayMs, goals, returns }));
  }
}

/** @returns milliseconds from the return, or from the going where others bring it back, to the end of the next row */
async function measure(outage: Outage, awayMs: number): Promise<number> {
  const cleanup = new Cleanup();
  try {
    const couch = cleanup.add(await startChaosCouch(), (each) => each.close());
    const redis = await outage.openRedis(cleanup);
    const chaos = cleanup.add(await openChaosPlaces(couch.url, redis.target), (each) => each.close());
    const settings = { ...chaos.settings, concurrency: CONCURRENCY };
    const worker = cleanup.add(await startChaosWorker(settings), (each) => each.kill());
    const rows = Array.from({ length: ROWS }, (_, at) => optionsFor(chaos.domain(`row-${at}`)));
    const batchId = await queueBatch(chaos, rows);
    await untilDone(chaos, batchId, ROWS / 4);
    await outage.take({ couch, chaos, worker, batchId, redis }, awayMs);
    const since = performance.now();
    await untilDone(chaos, batchId, (await doneIn(chaos, batchId)) + 1);
    return performance.now() - since;
  } finally {
    await cleanup.run();
  }
}

async function untilDone(chaos: ChaosPlaces, batchId: string, count: number): Promise<void> {
  const deadline = performance.now() + GIVING_UP_MS;
  while ((await doneIn(chaos, batchId)) < count) {
    if (performance.now() > deadline) throw new Error(`${count} rows were not done in time`);
    await sleep(POLL_MS);
  }
}

async function doneIn({ fleet }: ChaosPlaces, batchId: string): Promise<number> {
  return doneRows(await fleet.batches.get(batchId));
}

await main();
