import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chunks } from '../../src/chunk.ts';
import { openFleet } from '../../src/jobs/fleet/fleet.ts';
import { keyedFleet } from '../../test/support/keyed-fleet.ts';
import { redisAt } from '../../test/support/redis-at.ts';
import { pidClock } from '../cpu/cpu-clock.ts';
import { portOwner } from '../cpu/port-owner.ts';
import { benchDomains } from '../instances.ts';
import { removeInstances } from '../remove.ts';
import { machineText, thisMachine } from '../report/machine.ts';
import { median } from '../report/statistics.ts';
import { cpuOf } from '../report/summary.ts';
import { figure, textTable } from '../report/text-table.ts';
import { type Figures, measure } from '../rounds/measure.ts';
import { queueSide } from '../rounds/queue-side.ts';
import { positive } from '../rounds/settings.ts';
import { runBench } from '../run-bench.ts';
import { rest } from '../server/rest.ts';
import { changeSettings, KEN_OFF } from '../server/server-settings.ts';
import { openServers } from '../servers.ts';
import { forkWorker } from '../worker.ts';

// Measures what a creation costs while a server fills: the same number of instances again and again, none removed.

const USAGE = `npm run bench:growth -- [options]

  --instances <n>    instances in the end (3000)
  --window <n>       instances that are measured together (100)
  --concurrency <n>  instances at a time (4)
  --ken <on|off>     off: no building of indexes in the background, put back afterwards (on: as the server has it)
  --server-pid <n>   process of CouchDB, where its port does not tell
  --json <file>      the figures as JSON
  --keep             leave the instances: the server is thrown away
  --help

COUCHDB_URL names the server, credentials included; without it an embedded one is started.`;

const PREFIX = 'bench';
const CONNECTIONS = 32;

/** Most windows at either end whose medians are compared. */
const COMPARED = 3;

/** One window: what an instance took when there were so many. */
interface Window extends Figures {
  /** Instances when it ended. */
  readonly instances: number;
}

await runBench(async (interrupted, closers) => {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '3000' },
      window: { type: 'string', default: '100' },
      concurrency: { type: 'string', default: '4' },
      ken: { type: 'string', default: 'on' },
      'server-pid': { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const total = positive('instances', values.instances);
  const window = positive('window', values.window);
  const concurrency = positive('concurrency', values.concurrency);
  const givenPid = values['server-pid'];
  const servers = await openServers(CONNECTIONS);
  closers.push(() => servers.close());
  const { couch, couchUrl, embeddedPid, redisUrl, storageRoot } = servers;
  const domains = benchDomains(randomBytes(3).toString('hex'), 'growth', total);
  const made: string[] = [];
  if (!values.keep) {
    closers.push(async () => {
      for await (const page of chunks(made, 20)) await removeInstances(couch, storageRoot, page);
    });
  }
  if (values.ken === 'off') closers.push(await changeSettings(couchUrl, KEN_OFF));
  const fleet = await openFleet({ redis: redisAt(redisUrl), prefix: PREFIX, role: 'command' });
  closers.push(() => fleet.close());
  const start = { couchUrl, redisUrl, storageRoot, prefix: PREFIX, concurrency, connections: CONNECTIONS };
  const worker = await forkWorker(start);
  closers.push(() => worker.stop());
  const pid =
    givenPid === undefined
      ? (embeddedPid ?? (await portOwner(couchUrl, /^beam\.smp$/)))
      : positive('server-pid', givenPid);
  const server = pidClock('server', pid);
  const side = queueSide({ fleet: await keyedFleet(fleet, couch), servers, server, worker });

  console.log(`${machineText(thisMachine())}\n`);
  const windows: Window[] = [];
  const idle = (): Promise<void> => rest(couchUrl, 0, interrupted);
  await idle();
  for await (const page of chunks(domains, window)) {
    made.push(...page);
    const figures = await measure(side, page.length, () => side.make(page, interrupted), idle);
    windows.push({ ...figures, instances: made.length });
    console.log(windowText(windows.at(-1)));
    interrupted.throwIfAborted();
  }
  // The first one compiles code and opens connections.
  console.log(`\n${growthText(windows.length > 1 ? windows.slice(1) : windows)}`);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine: thisMachine(), windows }, null, 2)}\n`);
  }
});

function windowText(window: Window | undefined): string {
  if (window === undefined) return '';
  const { instances, ms, cpu, serverUntilIdle } = window;
  const parts = Object.entries(cpu).map(([process, each]) => `${process} ${figure(each ?? null)}`);
  return `${String(instances).padStart(6)} instances: ${figure(ms)} ms each; CPU ${figure(cpuOf(window))} (${parts.join(', ')}; server until idle ${figure(serverUntilIdle)})`;
}

/** What the last windows cost against the first. */
function growthText(windows: readonly Window[]): string {
  const compared = Math.max(1, Math.min(COMPARED, Math.floor(windows.length / 2)));
  const row = (name: string, costOf: (window: Window) => number | null): string[] => {
    const ends = [windows.slice(0, compared), windows.slice(-compared)].map((end) => {
      const values = end.flatMap((window) => costOf(window) ?? []);
      return values.length === end.length ? median(values) : null;
    });
    const [first = null, last = null] = ends;
    return [
      name,
      figure(first),
      figure(last),
      figure(first === null || last === null ? null : last / first, 2),
    ];
  };
  return textTable([
    ['an instance', `at ${windows[0]?.instances}`, `at ${windows.at(-1)?.instances}`, 'times'],
    row('ms by the clock', ({ ms }) => ms),
    row('ms of CPU together', cpuOf),
    row('ms of CPU of the server until idle', ({ serverUntilIdle }) => serverUntilIdle),
    row('ms of CPU of the worker', ({ cpu }) => cpu.worker ?? null),
    row('requests', ({ requests }) => requests),
  ]);
}
