import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chunks } from '../src/chunk.ts';
import type { Batch } from '../src/jobs/batches/batches.ts';
import type { SteeringChange } from '../src/jobs/batches/steering.ts';
import { type KeyedFleet, openFleet } from '../src/jobs/fleet/fleet.ts';
import { openGate } from '../src/jobs/gate/gate.ts';
import { creation, enqueueJob, enqueueRows } from '../src/jobs/queue/enqueue.ts';
import { waitForJob } from '../src/jobs/queue/wait-for-job.ts';
import { endedRows } from '../src/operations/batches/batch-state.ts';
import { keyedFleet } from '../test/support/keyed-fleet.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { benchDomains, benchOptions } from './instances.ts';
import { removeInstances } from './remove.ts';
import { openServers } from './servers.ts';
import { forkWorker } from './worker.ts';

// Measures how evenly two batches advance, and how soon what is set for one takes effect.

const PREFIX = 'bench';
const CONNECTIONS = 32;

/** Milliseconds between two looks at a batch. */
const POLL_MS = 20;

/** What takes effect is looked at for so long. */
const EFFECT_MS = 8_000;

/** Seconds over which ends are counted together. */
const STEP_MS = 10_000;

/** Milliseconds between two single creations amid the batches. */
const SINGLE_MS = 5_000;

const USAGE = `npm run bench:steer -- [options]

  --large <n>        rows of the batch that comes first (2000)
  --small <n>        rows of the one that comes second (500)
  --seconds <n>      longest time that both are looked at (120)
  --workers <n>      processes (2)
  --concurrency <n>  instances at a time in each (6)
  --keep             leave what was made: the server is thrown away
  --help

COUCHDB_URL names the server, credentials included; without it an embedded one is started.`;

interface Two {
  readonly fleet: KeyedFleet;
  readonly large: string;
  readonly small: string;
  readonly single: (at: number) => string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      large: { type: 'string', default: '2000' },
      small: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '120' },
      workers: { type: 'string', default: '2' },
      concurrency: { type: 'string', default: '6' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const run = randomBytes(3).toString('hex');
  const domains = {
    large: benchDomains(run, 'large', Number(values.large)),
    small: benchDomains(run, 'small', Number(values.small)),
    single: benchDomains(run, 'single', 100),
  };
  const servers = await openServers(CONNECTIONS);
  const closers: (() => Promise<void>)[] = [() => servers.close()];
  if (!values.keep) {
    closers.push(async () => {
      for await (const page of chunks(Object.values(domains).flat(), 20)) {
        await removeInstances(servers.couch, servers.storageRoot, page);
      }
    });
  }
  try {
    const { couchUrl, redisUrl, storageRoot, couch } = servers;
    const opened = await openFleet({ redis: redisAt(redisUrl), prefix: PREFIX, role: 'command' });
    closers.push(() => opened.close());
    const fleet = await keyedFleet(opened, couch);
    const concurrency = Number(values.concurrency);
    const settings = {
      couchUrl,
      redisUrl,
      storageRoot,
      prefix: PREFIX,
      concurrency,
      connections: CONNECTIONS,
    };
    for (let at = 0; at < Number(values.workers); at += 1) {
      const worker = await forkWorker(settings);
      closers.push(() => worker.stop());
    }
    const large = await submit(fleet, 'large', domains.large);
    await sleep(3_000);
    const small = await submit(fleet, 'small', domains.small);
    const two = { fleet, large, small, single: (at: number) => domains.single[at] ?? '' };
    await lookAtBoth(two, Number(values.seconds) * 1000);
    await lookAtEffects(two);
    for (const id of [large, small]) await fleet.batches.setHalt(id, 'cancelled');
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function submit(fleet: KeyedFleet, name: string, domains: readonly string[]): Promise<string> {
  const about = { kind: 'create', name, reason: '', by: 'bench', total: domains.length } as const;
  const id = await fleet.batches.create(about);
  const rows = domains.map((domain, at) => ({
    row: at + 1,
    ...creation({ options: benchOptions(domain), tries: 8 }),
  }));
  const begun = performance.now();
  for await (const page of chunks(rows, 200)) {
    await enqueueRows(fleet, id, page);
    await openGate(fleet);
  }
  console.log(`${name}: ${domains.length} rows queued in ${Math.round(performance.now() - begun)} ms`);
  return id;
}

/** Shares of the ends while rows of both wait, and single creations amid them. */
async function lookAtBoth({ fleet, large, small, single }: Two, longest: number): Promise<void> {
  const ends = async () => {
    const [one, other] = await Promise.all([fleet.batches.get(large), fleet.batches.get(small)]);
    return {
      large: endedRows(one),
      small: endedRows(other),
      bothWait: one.counts.waiting > 0 && other.counts.waiting > 0,
    };
  };
  const begun = Date.now();
  let singles = 0;
  let isOver = false;
  const adding = (async () => {
    while (!isOver) {
      await sleep(SINGLE_MS);
      const asked = performance.now();
      const { jobId } = await enqueueJob(
        fleet,
        creation({ options: benchOptions(single(singles)), tries: 8 }),
      );
      const { state } = await waitForJob(fleet, jobId, { signal: AbortSignal.timeout(60_000) });
      console.log(`  a single creation: ${state} after ${Math.round(performance.now() - asked)} ms`);
      singles += 1;
    }
  })();
  let before = await ends();
  while (Date.now() - begun < longest) {
    await sleep(STEP_MS);
    const now = await ends();
    if (!now.bothWait) break;
    const [one, other] = [now.large - before.large, now.small - before.small];
    const share = Math.round((other / (one + other)) * 100);
    console.log(`10 s: ${one} ends of large, ${other} of small: ${share} % are small's`);
    before = now;
  }
  isOver = true;
  await adding;
}

/** How soon what is set for the large batch takes effect, while the small one goes on or has ended. */
async function lookAtEffects({ fleet, large }: Two): Promise<void> {
  await lastBegun(fleet, large, 'pause', { pause: { by: 'bench', at: Date.now(), reason: '' } });
  await firstBegun(fleet, large, 'resume', { pause: null });
  await atMost(fleet, large, 2);
  await firstBegun(fleet, large, 'concurrency none', { concurrency: null });
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  const window = { from: clock(7_200_000), until: clock(14_400_000), zone: 'UTC' };
  await lastBegun(fleet, large, 'a window that is closed', { window });
  await firstBegun(fleet, large, 'no window', { window: null });
  await lastBegun(fleet, large, 'a canary of 5', { canary: 5 });
  await firstBegun(fleet, large, 'no canary', { canary: null });
}

/** Rows that have been begun, or have ended. */
function begunRows({ total, counts }: Batch): number {
  return total - counts.waiting;
}

/** Looks at the batch until it has been looked at for long enough. @returns what was seen, with milliseconds */
async function look(
  fleet: KeyedFleet,
  id: string,
): Promise<{ readonly ms: number; readonly batch: Batch }[]> {
  const begun = performance.now();
  const seen: { ms: number; batch: Batch }[] = [];
  while (performance.now() - begun < EFFECT_MS) {
    seen.push({ ms: performance.now() - begun, batch: await fleet.batches.get(id) });
    await sleep(POLL_MS);
  }
  return seen;
}

async function steer(fleet: KeyedFleet, id: string, change: SteeringChange): Promise<Batch> {
  const before = await fleet.batches.get(id);
  await fleet.batches.steer(id, change);
  await openGate(fleet);
  return before;
}

async function lastBegun(fleet: KeyedFleet, id: string, name: string, change: SteeringChange): Promise<void> {
  const before = begunRows(await steer(fleet, id, change));
  let rows = before;
  let at = 0;
  for (const { ms, batch } of await look(fleet, id)) {
    if (begunRows(batch) > rows) at = ms;
    rows = Math.max(rows, begunRows(batch));
  }
  console.log(`${name}: ${rows - before} more rows were begun, the last after ${Math.round(at)} ms`);
}

async function firstBegun(
  fleet: KeyedFleet,
  id: string,
  name: string,
  change: SteeringChange,
): Promise<void> {
  const before = begunRows(await steer(fleet, id, change));
  const first = (await look(fleet, id)).find(({ batch }) => begunRows(batch) > before);
  console.log(
    `${name}: the next row was begun after ${first === undefined ? 'never' : Math.round(first.ms)} ms`,
  );
}

async function atMost(fleet: KeyedFleet, id: string, concurrency: number): Promise<void> {
  const before = await steer(fleet, id, { concurrency });
  const seen = await look(fleet, id);
  const since = seen.findIndex(({ batch }) => batch.counts.active <= concurrency);
  const most = Math.max(...seen.slice(since).map(({ batch }) => batch.counts.active));
  const ms = Math.round(seen[since]?.ms ?? Number.NaN);
  console.log(
    `concurrency ${concurrency}: ${before.counts.active} ran, at most ${concurrency} after ${ms} ms, and no more than ${most} from then on`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
