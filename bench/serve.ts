import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StoredDocument } from '../src/couchdb/documents.ts';
import { INSTANCES } from '../src/instances/lookup/lookup.ts';
import { Cleanup } from '../test/support/cleanup.ts';
import { type CountingProxy, startCountingProxy } from '../test/support/counting-proxy.ts';
import { load, type Shot, type Shots } from './load.ts';
import { type ServeOrder, serveAnswer, USAGE_ORDER, usageAnswer } from './serve-messages.ts';
import { type BenchServers, openServers } from './servers.ts';

// Measures how soon hosts are answered, known and unknown ones, what that costs CouchDB, and how soon a change is seen.

const GOALS = { p99Ms: 50, couchASecond: 1, changeMs: 2_000 } as const;

const HOSTS = 1_000;
const PROCESSES = 2;
const POLL_MS = 20;
const PATIENCE_MS = 20_000;

const USAGE = `npm run bench:serve -- [options]

  --rate <n>     requests a second, half of them for hosts that nobody has (2000)
  --seconds <n>  for so long (15)
  --warm-up <n>  seconds of the same load before that are not counted: a process that has just started
                 compiles its code under it (5)
  --json         the figures as JSON
  --help

On this machine alone. COUCHDB_URL names the CouchDB; without it an embedded one is started.`;

interface Figures {
  readonly node: string;
  readonly rate: number;
  readonly seconds: number;
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly couchASecond: number;
  /** Milliseconds of processor time of the servers, for one request: it says what a machine that is busy hides. */
  readonly cpuMs: number;
  /** Milliseconds until the last process has seen a change of state. */
  readonly changeMs: number;
}

interface Kind {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  readonly statuses: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '15' },
      'warm-up': { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => interrupt.abort(new Error(signal)));
  }
  const cleanup = new Cleanup();
  try {
    const figures = await measure(
      {
        rate: Number(values.rate),
        seconds: Number(values.seconds),
        warmUpSeconds: Number(values['warm-up']),
      },
      cleanup,
      interrupt.signal,
    );
    console.log(values.json ? JSON.stringify(figures) : table(figures));
  } finally {
    await cleanup.run();
  }
}

interface Measure {
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

async function measure(
  { rate, seconds, warmUpSeconds }: Measure,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<Figures> {
  const servers = cleanup.add(await openServers(8), (each) => each.close());
  const proxy = cleanup.add(await startCountingProxy(servers.couchUrl), (each) => each.close());
  const run = randomBytes(4).toString('hex');
  const known = (at: number) => `host-${at}-${run}.example.org`;
  await putInstances(
    servers,
    Array.from({ length: HOSTS }, (_, at) => known(at)),
    cleanup,
  );
  const order: ServeOrder = {
    couchUrl: throughProxy(servers.couchUrl, proxy.port),
    redisUrl: servers.redisUrl,
    storageRoot: servers.storageRoot,
  };
  const ports: number[] = [];
  const children: ChildProcess[] = [];
  for (let at = 0; at < PROCESSES; at += 1) {
    const { child, port } = await startProcess(order);
    cleanup.add(child, stopProcess);
    ports.push(port);
    children.push(child);
  }
  for (const port of ports) await untilStatus(port, known(0), 200, signal);

  const shot = (at: number): Shot => {
    const port = ports[at % PROCESSES] ?? 0;
    const turn = Math.floor(at / PROCESSES);
    const host = Math.floor(turn / 2) % HOSTS;
    const isKnown = turn % 2 === 0;
    if (isKnown) return { port, host: known(host === 1 ? 0 : host), kind: 'known' };
    return { port, host: `${randomBytes(8).toString('hex')}.example.net`, kind: 'unknown' };
  };
  await load({ ports, rate, seconds: warmUpSeconds, signal, shot });

  const cpuBefore = await cpuOf(children);
  const before = answered(proxy);
  const begun = performance.now();
  const change = changeSeen(servers, ports, known(1), (seconds * 1_000) / 3, signal);
  const results = await load({ ports, rate, seconds, signal, shot });
  const couchASecond = (answered(proxy) - before) / ((performance.now() - begun) / 1_000);
  const cpuMs = ((await cpuOf(children)) - cpuBefore) / (rate * seconds);
  const kinds = Object.fromEntries([...results].map(([kind, shots]) => [kind, summarize(shots)]));
  return { node: process.version, rate, seconds, kinds, couchASecond, cpuMs, changeMs: await change };
}

function answered(proxy: CountingProxy): number {
  return [200, 401, 404, 500, 503].reduce((sum, status) => sum + proxy.count(status), 0);
}

function throughProxy(couchUrl: string, port: number): string {
  const url = new URL(couchUrl);
  url.host = `127.0.0.1:${port}`;
  return url.href.replace(/\/$/, '');
}

async function putInstances(
  { couch }: BenchServers,
  domains: readonly string[],
  cleanup: Cleanup,
): Promise<void> {
  const documents = domains.map((domain) => ({
    _id: domain,
    domain,
    locale: 'fr',
    password_defined: true,
    onboarding_finished: true,
  }));
  cleanup.add(couch, async () => {
    const rows = await couch.allDocuments(INSTANCES, { keys: domains, includeDocs: true });
    const gone = rows.flatMap(({ doc }) => (doc ? [{ _id: doc._id, _rev: doc._rev, _deleted: true }] : []));
    await couch.bulkInsert(INSTANCES, gone);
  });
  await couch.bulkInsert(INSTANCES, documents);
}

async function startProcess(order: ServeOrder): Promise<{ child: ChildProcess; port: number }> {
  const main = fileURLToPath(new URL('./serve-process.ts', import.meta.url));
  const child = fork(main, [], { execArgv: ['--import=tsx'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error("a server's process ended");
  });
  const answer = once(child, 'message');
  child.send(order);
  const [message] = await Promise.race([answer, ended]);
  ended.catch(() => undefined);
  return { child, port: serveAnswer.parse(message).publicPort };
}

/** Milliseconds that all of them have computed. */
async function cpuOf(children: readonly ChildProcess[]): Promise<number> {
  const each = children.map(async (child) => {
    const answer = once(child, 'message');
    child.send(USAGE_ORDER);
    return usageAnswer.parse((await answer)[0]).cpuMs;
  });
  return (await Promise.all(each)).reduce((sum, ms) => sum + ms, 0);
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

/** Blocks an instance in the middle of the load, and waits until every process says so. */
async function changeSeen(
  { couch }: BenchServers,
  ports: readonly number[],
  domain: string,
  afterMs: number,
  signal: AbortSignal,
): Promise<number> {
  await sleep(afterMs, undefined, { signal });
  const document: StoredDocument | undefined = await couch.getDocument(INSTANCES, domain);
  if (document === undefined) throw new Error('an instance is missing');
  const begun = performance.now();
  await couch.putDocument(INSTANCES, { ...document, blocked: true });
  await Promise.all(ports.map((port) => untilStatus(port, domain, 503, signal)));
  return performance.now() - begun;
}

async function untilStatus(port: number, host: string, status: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  const shot = () => ({ port, host, kind: 'look' });
  for (;;) {
    const looks = await load({ ports: [port], rate: 1, seconds: 1, shot, signal });
    if (looks.get('look')?.statuses.has(status)) return;
    if (performance.now() > deadline) throw new Error(`${host} was not answered with ${status} in time`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function summarize({ times, statuses }: Shots): Kind {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return {
    count: sorted.length,
    p50: at(0.5),
    p99: at(0.99),
    most: at(1),
    statuses: Object.fromEntries(statuses),
  };
}

function table({ rate, seconds, kinds, couchASecond, cpuMs, changeMs, node }: Figures): string {
  const rows = Object.entries(kinds).map(([kind, { count, p50, p99, most, statuses }]) => {
    const times = [p50, p99, most].map((ms) => `${ms.toFixed(1)} ms`.padStart(10)).join('');
    const said = Object.entries(statuses).map(([status, times]) => `${status} × ${times}`);
    return `  ${kind.padEnd(10)}${String(count).padStart(8)}${times}   ${said.join(', ')}`;
  });
  return `Hosts of instances: ${rate} requests a second for ${seconds} s, ${PROCESSES} processes, node ${node}

  host         count       p50       p99      most   status
${rows.join('\n')}

  goal: p99 below ${GOALS.p99Ms} ms
  processor time        ${cpuMs.toFixed(3)} ms a request, in all server processes
  requests to CouchDB   ${couchASecond.toFixed(2)} a second, goal ≤ ${GOALS.couchASecond}
  a change is seen      after ${changeMs.toFixed(0)} ms, goal ≤ ${GOALS.changeMs}`;
}

main().catch((error: unknown) => {
  // It measures and does not judge: only a run without figures is a failure.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
