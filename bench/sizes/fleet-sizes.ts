import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { chunks } from '../../src/chunk.ts';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { finishedDocument } from '../../src/instances/documents/finished-document.ts';
import { reservationDocument } from '../../src/instances/documents/reservation.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { newSecrets } from '../../src/instances/vault/secrets.ts';
import { type KeyedFleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { creation, enqueueRows } from '../../src/jobs/queue/enqueue.ts';
import { keyedFleet } from '../../test/support/keyed-fleet.ts';
import { redisAt } from '../../test/support/redis-at.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { builtProgram, DEFAULT_PREFIX, writeConfig } from '../cli/program.ts';
import { timedCommand } from '../cli/timed-command.ts';
import { benchDomains, benchOptions } from '../instances.ts';
import { machineText, thisMachine } from '../report/machine.ts';
import { median } from '../report/statistics.ts';
import { figure, textTable } from '../report/text-table.ts';
import { positive } from '../rounds/settings.ts';
import { runBench } from '../run-bench.ts';
import { openServers } from '../servers.ts';

// Measures commands that look at all instances, or at all rows of a batch, at several sizes: documents alone, no databases.

const USAGE = `npm run bench:sizes -- [options]

  --sizes <list>  instances, and rows of a batch (1000,10000,50000)
  --times <n>     runs of each command (5)
  --json <file>   the figures as JSON
  --help

It runs what was built: npm run build. COUCHDB_URL names a server without instances, which is best thrown away afterwards:
documents that were deleted leave something behind. Without it an embedded one is started.`;

/** Documents, and rows, that are written at a time. */
const CHUNK = 500;

/** A command at one size, the median of its runs. */
interface Sized {
  readonly command: string;
  readonly size: number;
  readonly ms: number;
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
}

await runBench(async (interrupted, closers) => {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '1000,10000,50000' },
      times: { type: 'string', default: '5' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const sizes = values.sizes
    .split(',')
    .map((text) => positive('sizes', text))
    .sort((a, b) => a - b);
  const times = positive('times', values.times);
  const program = builtProgram();
  const servers = await openServers(8);
  closers.push(() => servers.close());
  const directory = await temporaryDirectory('bench-sizes');
  closers.push(() => directory.remove());
  const config = await writeConfig(servers, directory.path);
  const { couch, redisUrl } = servers;
  const opened = await openFleet({ redis: redisAt(redisUrl), prefix: DEFAULT_PREFIX, role: 'command' });
  closers.push(() => opened.close());
  const fleet = await keyedFleet(opened, couch);

  const domains = benchDomains(randomBytes(3).toString('hex'), 'size', sizes.at(-1) ?? 0);
  const written: { readonly _id: string; readonly _rev: string }[] = [];
  closers.push(() => removeDocuments(couch, written));
  const results: Sized[] = [];
  for (const size of sizes) {
    for await (const page of chunks(domains.slice(written.length, size), CHUNK)) {
      interrupted.throwIfAborted();
      written.push(...(await writeDocuments(couch, page)));
    }
    const batchId = await fillBatch(
      fleet,
      domains.slice(0, size).map((domain) => `rows-${size}-${domain}`),
    );
    const commands = [
      { argv: ['instances', 'ls'], isWhole: (text: string) => text.trimEnd().split('\n').length === size },
      { argv: ['instances', 'count'], isWhole: (text: string) => text === `${size} instances\n` },
      { argv: ['batches', 'show', batchId], isWhole: (text: string) => text.includes(batchId) },
    ];
    for (const { argv, isWhole } of commands) {
      const runs: Omit<Sized, 'command' | 'size'>[] = [];
      for (let at = 0; at < times; at += 1) {
        interrupted.throwIfAborted();
        const { stdout, ...run } = await timedCommand(program, [...argv, '--config', config]);
        if (!isWhole(stdout))
          throw new Error(`${argv.join(' ')} did not tell of ${size}: ${stdout.slice(0, 300)}`);
        runs.push(run);
      }
      const sized = sizedOf(argv.slice(0, 2).join(' '), size, runs);
      results.push(sized);
      console.error(`${sized.command} of ${size}: ${figure(sized.ms, 0)} ms`);
    }
  }
  console.log(`${machineText(thisMachine())}; medians of ${times} runs, from outside\n\n${tableOf(results)}`);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine: thisMachine(), times, results }, null, 2)}\n`);
  }
});

function sizedOf(command: string, size: number, runs: readonly Omit<Sized, 'command' | 'size'>[]): Sized {
  const cpu = runs.flatMap(({ cpuMs }) => cpuMs ?? []);
  const peak = runs.flatMap(({ peakBytes }) => peakBytes ?? []);
  return {
    command,
    size,
    ms: median(runs.map(({ ms }) => ms)),
    cpuMs: cpu.length === 0 ? null : median(cpu),
    peakBytes: peak.length === 0 ? null : median(peak),
  };
}

/** Documents as those of instances that are in use. @returns their ids and revisions */
async function writeDocuments(couch: CouchServer, domains: readonly string[]) {
  const documents = domains.map((domain) => {
    const options = benchOptions(domain);
    const { register_token: registerToken, ...secrets } = newSecrets();
    return finishedDocument(reservationDocument(options, { secrets, cluster: 0 }), options, {
      registerToken,
    });
  });
  const rows = await couch.bulkInsert(INSTANCES, documents);
  return rows.map((row) => {
    if (!('rev' in row) || row.rev === undefined) throw new Error(`${row.id} was not written`);
    return { _id: row.id, _rev: row.rev };
  });
}

async function removeDocuments(
  couch: CouchServer,
  written: readonly { readonly _id: string; readonly _rev: string }[],
): Promise<void> {
  for await (const page of chunks(written, CHUNK)) {
    await couch.bulkInsert(
      INSTANCES,
      page.map((document) => ({ ...document, _deleted: true })),
    );
  }
}

async function fillBatch(fleet: KeyedFleet, domains: readonly string[]): Promise<string> {
  const about = { kind: 'create', name: 'sizes', reason: '', by: 'bench', total: domains.length } as const;
  const id = await fleet.batches.create(about);
  const rows = domains.map((domain, at) => ({
    row: at + 1,
    ...creation({ options: benchOptions(domain), tries: 8 }),
  }));
  for await (const page of chunks(rows, CHUNK)) await enqueueRows(fleet, id, page);
  return id;
}

function tableOf(results: readonly Sized[]): string {
  const rows = results.map(({ command, size, ms, cpuMs, peakBytes }) => [
    command,
    String(size),
    figure(ms, 0),
    figure(cpuMs, 0),
    figure(peakBytes === null ? null : peakBytes / 1e6, 0),
  ]);
  return textTable([['', 'size', 'ms', 'CPU ms', 'most MB'], ...rows]);
}
