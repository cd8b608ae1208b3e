import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LOGIN_RETRY_MS } from '../src/couchdb/login-gate.ts';
import { type ChaosCouch, startChaosCouch } from '../test/support/chaos-couch.ts';
import {
  type ChaosFleet,
  doneRows,
  openChaosFleet,
  optionsFor,
  queueBatch,
} from '../test/support/chaos-fleet.ts';
import { type ChaosWorker, startChaosWorker } from '../test/support/chaos-process.ts';
import { Cleanup } from '../test/support/cleanup.ts';
import { timePasses } from '../test/support/time-passes.ts';
import { median } from './report/statistics.ts';

// Measures how soon the next row of a batch is done once that has come back which was away.

/** Work goes on within 2 s (`ARCHITECTURE.md` §4.3); one instance has to be finished on top of it. */
const GOAL_MS = 5_000;

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
  readonly chaos: ChaosFleet;
  readonly worker: ChaosWorker;
  readonly batchId: string;
}

/** Takes something away, and brings it back after so many milliseconds. */
type Outage = (running: Running, awayMs: number) => Promise<void>;

const OUTAGES: Readonly<Record<string, Outage>> = {
  'CouchDB is killed': async ({ couch }, awayMs) => {
    await couch.kill();
    await sleep(awayMs);
    await couch.start();
  },
  'CouchDB knows another password': async ({ couch, chaos, worker, batchId }, awayMs) => {
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
  'the storage is moved away': async ({ chaos }, awayMs) => {
    const { storageRoot } = chaos.settings;
    const elsewhere = `${storageRoot}-unmounted`;
    await rename(storageRoot, elsewhere);
    await sleep(awayMs);
    await rename(elsewhere, storageRoot);
  },
};

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
  for (const [name, outage] of Object.entries(OUTAGES)) {
    const measured: number[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      measured.push(Math.round(await measure(outage, awayMs)));
    }
    returns[name] = measured;
    if (!values.json) {
      const each = measured.join(', ');
      console.log(`${name.padEnd(32)} median ${median(measured)} ms, goal ≤ ${GOAL_MS} ms (${each})`);
    }
  }
  if (values.json) console.log(JSON.stringify({ node: process.version, awayMs, goalMs: GOAL_MS, returns }));
}

/** @returns milliseconds from the return to the end of the next row */
async function measure(outage: Outage, awayMs: number): Promise<number> {
  const cleanup = new Cleanup();
  try {
    const couch = cleanup.add(await startChaosCouch(), (each) => each.close());
    const chaos = cleanup.add(await openChaosFleet(couch.url), (each) => each.close());
    const settings = { ...chaos.settings, concurrency: CONCURRENCY };
    const worker = chaos.cleanup.add(await startChaosWorker(settings), (each) => each.kill());
    const rows = Array.from({ length: ROWS }, (_, at) => optionsFor(chaos.domain(`row-${at}`)));
    const batchId = await queueBatch(chaos, rows);
    await untilDone(chaos, batchId, ROWS / 4);
    await outage({ couch, chaos, worker, batchId }, awayMs);
    const since = performance.now();
    await untilDone(chaos, batchId, (await doneIn(chaos, batchId)) + 1);
    return performance.now() - since;
  } finally {
    await cleanup.run();
  }
}

async function untilDone(chaos: ChaosFleet, batchId: string, count: number): Promise<void> {
  const deadline = performance.now() + GIVING_UP_MS;
  while ((await doneIn(chaos, batchId)) < count) {
    if (performance.now() > deadline) throw new Error(`${count} rows were not done in time`);
    await sleep(POLL_MS);
  }
}

async function doneIn({ fleet }: ChaosFleet, batchId: string): Promise<number> {
  return doneRows(await fleet.batches.get(batchId));
}

await main();
