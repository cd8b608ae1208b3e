import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../src/cli/terminal/exit-codes.ts';
import { DATABASES } from '../src/instances/databases/databases.ts';
import { createDesignSource } from '../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../src/instances/databases/prefix.ts';
import { type KeyedFleet, openFleet } from '../src/jobs/fleet/fleet.ts';
import { keyedFleet } from '../test/support/keyed-fleet.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { credentialsOf, member } from './ask.ts';
import { benchDomains } from './instances.ts';
import { makeQueued, type QueueRun, stageTimes } from './queue.ts';
import { makeRaw, type RawFloor } from './raw.ts';
import { openRawHttp } from './raw-http.ts';
import { removeInstances } from './remove.ts';
import {
  GOALS,
  headerText,
  type Round,
  roundText,
  type ServerFacts,
  summarize,
  summaryText,
} from './report.ts';
import { rest } from './rest.ts';
import { type BenchServers, openServers } from './servers.ts';
import { readSettings, type Settings, USAGE } from './settings.ts';
import { type BenchWorker, forkWorker } from './worker.ts';

// Measures how close a batch through the whole queue comes to the raw requests it is made of.

const PREFIX = 'bench';

/** The last job's end is recorded a moment after its batch has ended. */
const LAST_JOB_MS = 100;

interface Bench {
  readonly settings: Settings;
  readonly servers: BenchServers;
  readonly floor: RawFloor;
  readonly fleet: KeyedFleet;
  readonly worker: BenchWorker;
  /** Makes this run's domains its own. */
  readonly run: string;
  readonly interrupted: AbortSignal;
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings === undefined) {
    console.log(USAGE);
    return;
  }
  const interrupt = new AbortController();
  // What was made on somebody's server must go, however the run ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => interrupt.abort(new Error(signal)));
  }
  const { concurrency, connections } = settings;
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const servers = await openServers(connections);
    closers.push(() => servers.close());
    const { couch, couchUrl, redisUrl, storageRoot } = servers;
    const opened = await openFleet({ redis: redisAt(redisUrl), prefix: PREFIX, role: 'command' });
    closers.push(() => opened.close());
    const worker = await forkWorker(
      { couchUrl, redisUrl, storageRoot, prefix: PREFIX, concurrency, connections },
      (process.env['BENCH_WORKER_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== ''),
    );
    closers.push(() => worker.stop());
    const fleet = await keyedFleet(opened, couch);
    const http = openRawHttp(couchUrl, connections);
    closers.push(() => http.close());
    const designs = await createDesignSource().of(couch, interrupt.signal);
    const run = randomBytes(3).toString('hex');
    const floor = { http, designs, storageRoot };
    await measure({ settings, servers, floor, fleet, worker, run, interrupted: interrupt.signal });
  } finally {
    await closeAll(closers);
  }
}

/** The last opened first; one that fails does not keep the others open. */
async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  for (const close of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      console.error('closing:', error instanceof Error ? error.message : error);
    }
  }
}

async function measure(bench: Bench): Promise<void> {
  const { settings, run } = bench;
  const server = await warmUp(bench);
  if (!settings.json) console.log(headerText(settings, server));
  const rounds: Round[] = [];
  for (let number = 1; number <= settings.rounds; number += 1) {
    const round = await measureRound(bench, number);
    rounds.push(round);
    if (!settings.json) console.log(roundText(number, round));
  }
  const summary = summarize(rounds);
  if (settings.json) {
    const node = process.version;
    console.log(JSON.stringify({ run, server, node, settings, goals: GOALS, ...summary, rounds }, null, 2));
  } else {
    console.log(summaryText(summary));
  }
}

async function warmUp(bench: Bench): Promise<ServerFacts> {
  const { floor, fleet, run, settings, servers } = bench;
  const raw = benchDomains(run, 'warm-raw', settings.warmUp);
  const queue = benchDomains(run, 'warm-queue', settings.warmUp);
  return await removing(servers, [...raw, ...queue], async () => {
    await makeRaw(floor, raw, settings.concurrency);
    await makeQueued(fleet, queue);
    return await serverFacts(servers, raw[0] ?? '');
  });
}

async function measureRound(bench: Bench, number: number): Promise<Round> {
  const { settings, run, fleet } = bench;
  const count = settings.instances;
  const domains = (side: Round['first']): string[] => benchDomains(run, `${number}-${side}`, count);
  const first = number % 2 === 1 ? 'raw' : 'queue';
  const before = first === 'raw' ? await measureRaw(bench, domains('raw')) : undefined;
  const ours = await measureQueue(bench, domains('queue'));
  const floor = before ?? (await measureRaw(bench, domains('raw')));
  const perSecond = (ms: number): number => (count * 1000) / ms;
  return {
    first,
    raw: perSecond(floor.ms),
    queue: perSecond(ours.ms),
    ratio: floor.ms / ours.ms,
    cpuMs: { user: ours.user / count, system: ours.system / count },
    rawCpuMs: floor.cpu / count,
    requests: { raw: floor.requests / count, queue: ours.requests / count },
    stages: await stageTimes(fleet, ours.batchId),
  };
}

interface RawFigures {
  readonly ms: number;
  readonly cpu: number;
  readonly requests: number;
}

async function measureRaw(bench: Bench, domains: readonly string[]): Promise<RawFigures> {
  const { floor, settings, servers, interrupted } = bench;
  await rest(servers.couchUrl, settings.settle, interrupted);
  return await removing(servers, domains, async () => {
    const requests = floor.http.sent;
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await makeRaw(floor, domains, settings.concurrency);
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpu: (user + system) / 1000, requests: floor.http.sent - requests };
  });
}

interface QueueFigures extends QueueRun {
  readonly user: number;
  readonly system: number;
  readonly requests: number;
}

async function measureQueue(bench: Bench, domains: readonly string[]): Promise<QueueFigures> {
  const { fleet, worker, settings, servers, interrupted } = bench;
  await rest(servers.couchUrl, settings.settle, interrupted);
  return await removing(servers, domains, async () => {
    const before = await worker.usage();
    const made = await makeQueued(fleet, domains);
    await sleep(LAST_JOB_MS);
    const after = await worker.usage();
    return {
      ...made,
      user: after.user - before.user,
      system: after.system - before.system,
      requests: after.requests - before.requests,
    };
  });
}

/** Removes the instances after the measurement: every one begins on the same server. */
async function removing<T>(
  { couch, storageRoot }: BenchServers,
  domains: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    await removeInstances(couch, storageRoot, domains);
  }
}

async function serverFacts({ couchUrl, real }: BenchServers, domain: string): Promise<ServerFacts> {
  const { origin, headers } = credentialsOf(couchUrl);
  const read = async (path: string): Promise<unknown> =>
    (await fetch(`${origin}${path}`, { headers })).json();
  const database = databaseName(prefixOf(domain), DATABASES[0]?.doctype ?? '');
  const [root, info] = await Promise.all([read('/'), read(`/${encodeURIComponent(database)}`)]);
  const q = member(member(info, 'cluster'), 'q');
  return { real, version: String(member(root, 'version')), q: typeof q === 'number' ? q : undefined };
}

main().catch((error: unknown) => {
  // It measures and does not judge: only a run without figures is a failure.
  const interrupted = error instanceof Error && error.name === 'AbortError';
  console.error(interrupted ? 'interrupted' : error instanceof Error ? error.message : error);
  process.exitCode = interrupted ? EXIT.interrupted : EXIT.failed;
});
