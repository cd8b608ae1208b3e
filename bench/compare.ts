import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { DATABASES } from '../src/instances/databases/databases.ts';
import { createDesignSource } from '../src/instances/databases/design-source.ts';
import { databaseName, prefixOf } from '../src/instances/databases/prefix.ts';
import { openFleet } from '../src/jobs/fleet/fleet.ts';
import { keyedFleet } from '../test/support/keyed-fleet.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { credentialsOf, member } from './ask.ts';
import { pidClock } from './cpu/cpu-clock.ts';
import { portOwner } from './cpu/port-owner.ts';
import { claimsText } from './pool/claims.ts';
import { openBooks } from './pool/pooled.ts';
import { makeRaw, type RawFloor } from './raw/make-raw.ts';
import { openRawHttp } from './raw/raw-http.ts';
import { removeInstances } from './remove.ts';
import { chartOf } from './report/chart.ts';
import { thisMachine } from './report/machine.ts';
import { headerText, roundText, type ServerFacts, summaryText } from './report/rounds-text.ts';
import { summarize } from './report/summary.ts';
import { poolSide } from './rounds/pool-side.ts';
import { type QueueSideOptions, queueSide } from './rounds/queue-side.ts';
import { rawSide } from './rounds/raw-side.ts';
import { type Round, type RoundsInput, runClaims, runRounds, warmUp } from './rounds/run-rounds.ts';
import { readSettings, type Settings, USAGE } from './rounds/settings.ts';
import type { Side, SideName } from './rounds/side.ts';
import { stackSide } from './rounds/stack-side.ts';
import { type Closers, runBench } from './run-bench.ts';
import { changeSettings, KEN_OFF, shards } from './server/server-settings.ts';
import { type BenchServers, openServers } from './servers.ts';
import { forkWorker } from './worker.ts';

// Measures how close batches through the whole queue, and a stack, come to the raw requests they are made of.

const PREFIX = 'bench';
const POOL_PREFIX = 'bench-pool';

/** What this process has open while it measures. */
interface Opened {
  readonly settings: Settings;
  readonly servers: BenchServers;
  readonly floor: RawFloor;
  readonly closers: Closers;
}

await runBench(async (interrupted, closers) => {
  const settings = readSettings(process.argv.slice(2));
  if (settings === undefined) {
    console.log(USAGE);
    return;
  }
  const servers = await openServers(settings.connections);
  closers.push(() => servers.close());
  const { couch, couchUrl, storageRoot } = servers;
  const http = openRawHttp(couchUrl, settings.connections);
  closers.push(() => http.close());
  const changes = [
    ...(settings.ken === 'off' ? KEN_OFF : []),
    ...(settings.q === undefined ? [] : [shards(settings.q)]),
  ];
  closers.push(await changeSettings(couchUrl, changes));
  const floor = { http, designs: await createDesignSource().of(couch, interrupted), storageRoot };
  const opened = { settings, servers, floor, closers };
  const sides: Side[] = [];
  for (const name of settings.sides) sides.push(await openSide(name, opened));
  const run = randomBytes(3).toString('hex');
  await report({ settings, servers, sides, http, run, interrupted }, floor);
});

async function openSide(name: SideName, opened: Opened): Promise<Side> {
  const { settings, servers, floor, closers } = opened;
  const { concurrency, peer } = settings;
  const { couch, couchUrl } = servers;
  const serverPid = settings.serverPid ?? servers.embeddedPid ?? (await portOwner(couchUrl, /^beam\.smp$/));
  const server = pidClock('server', serverPid);
  switch (name) {
    case 'raw':
      return rawSide({ floor, servers, server, concurrency });
    case 'queue':
      return queueSide({ ...(await openQueue(opened, PREFIX)), server });
    case 'pool':
      closers.push(await openBooks(couch, POOL_PREFIX));
      return poolSide({ ...(await openQueue(opened, POOL_PREFIX)), server });
    case 'stack': {
      if (peer === undefined) throw new Error('a stack is measured where --peer names its admin API');
      const pid = settings.peerPid ?? (await portOwner(peer, /^cozy/));
      const passphrase = process.env['COZY_ADMIN_PASSWORD'] ?? '';
      return stackSide({
        url: peer,
        passphrase,
        servers,
        server,
        stack: pidClock('stack', pid),
        concurrency,
      });
    }
  }
}

/** A queue of its own, and a worker for it: one that has a pool would take from it for all. */
async function openQueue(
  { settings, servers, closers }: Opened,
  prefix: typeof PREFIX | typeof POOL_PREFIX,
): Promise<Omit<QueueSideOptions, 'server'>> {
  const { concurrency, connections } = settings;
  const { couch, couchUrl, redisUrl, storageRoot } = servers;
  const fleet = await openFleet({ redis: redisAt(redisUrl), prefix, role: 'command' });
  closers.push(() => fleet.close());
  const hasPool = prefix === POOL_PREFIX;
  const worker = await forkWorker(
    { couchUrl, redisUrl, storageRoot, prefix, concurrency, connections, hasPool },
    (process.env['BENCH_WORKER_NODE_OPTIONS'] ?? '').split(' ').filter((option) => option !== ''),
  );
  closers.push(() => worker.stop());
  return { fleet: await keyedFleet(fleet, couch), servers, worker };
}

async function report(input: RoundsInput, floor: RawFloor): Promise<void> {
  const { settings, servers, sides, run } = input;
  const { json, svg } = settings;
  await warmUp(input);
  const server = await serverFacts(servers, floor, `bench-${run}-facts.example.org`);
  const machine = thisMachine();
  const isText = json !== '-';
  if (isText) console.log(headerText(settings, server, machine, sides));
  const claims = await runClaims(input);
  if (isText && claims !== undefined) console.log(`${claimsText(claims)}\n`);
  const rounds: Round[] = [];
  for await (const round of runRounds(input)) {
    rounds.push(round);
    if (isText) console.log(roundText(round));
  }
  const summaries = summarize(rounds);
  const figures = JSON.stringify({ run, server, machine, settings, claims, summaries, rounds }, null, 2);
  console.log(isText ? `\n${summaryText(summaries)}` : figures);
  if (json !== undefined && isText) await writeFile(json, `${figures}\n`);
  if (svg !== undefined) {
    const title = `An instance on CouchDB ${server.version}: medians of ${settings.rounds} rounds`;
    await writeFile(svg, chartOf(rounds, title));
  }
}

/** Of an instance's databases, for which one is made. */
async function serverFacts(servers: BenchServers, floor: RawFloor, domain: string): Promise<ServerFacts> {
  const { couch, couchUrl, storageRoot, real } = servers;
  const { origin, headers } = credentialsOf(couchUrl);
  const read = async (path: string): Promise<unknown> =>
    (await fetch(`${origin}${path}`, { headers })).json();
  const database = databaseName(prefixOf(domain), DATABASES[0]?.doctype ?? '');
  try {
    await makeRaw(floor, [domain], 1, new AbortController().signal);
    const [root, info] = await Promise.all([read('/'), read(`/${encodeURIComponent(database)}`)]);
    const q = member(member(info, 'cluster'), 'q');
    return { real, version: String(member(root, 'version')), q: typeof q === 'number' ? q : undefined };
  } finally {
    await removeInstances(couch, storageRoot, [domain]);
  }
}
