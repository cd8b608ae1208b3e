import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { openFleet } from '../../src/jobs/fleet/fleet.ts';
import { redisAt } from '../../test/support/redis-at.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { builtProgram, DEFAULT_PREFIX, writeConfig } from '../cli/program.ts';
import { timedCommand } from '../cli/timed-command.ts';
import { machineText, thisMachine } from '../report/machine.ts';
import { figure, textTable } from '../report/text-table.ts';
import { positive } from '../rounds/settings.ts';
import { runBench } from '../run-bench.ts';
import { openServers } from '../servers.ts';
import { type KeyBytes, redisBytes } from './redis-bytes.ts';

// Measures how fast a file is queued, by the command itself and without workers, and what a row that waits takes.

const USAGE = `npm run bench:enqueue -- [options]

  --rows <n>     rows of the file: domain, address, name, locale (100000)
  --json <file>  the figures as JSON
  --help

It runs what was built: npm run build. Redis and CouchDB are its own; nothing is made but jobs.`;

interface Enqueued {
  readonly rows: number;
  /** Of the whole command: its start, checking the file, queueing. */
  readonly ms: number;
  /** From the batch, which is made once the file was checked, to the end of the command. */
  readonly queueingMs: number;
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  /** Of Redis, over all keys. */
  readonly bytesEachRow: number;
  readonly keys: readonly KeyBytes[];
}

await runBench(async (_, closers) => {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '100000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const rows = positive('rows', values.rows);
  const program = builtProgram();
  // Nobody's server: a command that stops in the middle leaves jobs that workers there would begin.
  delete process.env['COUCHDB_URL'];
  const servers = await openServers(8);
  closers.push(() => servers.close());
  const directory = await temporaryDirectory('bench-enqueue');
  closers.push(() => directory.remove());
  const config = await writeConfig(servers, directory.path);
  const file = join(directory.path, 'school.csv');
  await pipeline(Readable.from(csvLines(rows)), createWriteStream(file));
  const argv = ['instances', 'add', '--from', file, '--async', '--json', '--config', config];
  const { ms, cpuMs, peakBytes } = await timedCommand(program, argv);
  const ended = Date.now();

  const { redisUrl } = servers;
  const fleet = await openFleet({ redis: redisAt(redisUrl), prefix: DEFAULT_PREFIX, role: 'command' });
  closers.push(() => fleet.close());
  const [batch] = await fleet.batches.list(1);
  if (batch?.counts.waiting !== rows) {
    throw new Error(`${batch?.counts.waiting ?? 'no'} rows of ${rows} wait`);
  }
  const redis = new Redis(redisUrl);
  closers.push(() => redis.disconnect());
  const keys = await redisBytes(redis);
  const bytes = keys.reduce((sum, sort) => sum + sort.bytes, 0);
  const result = {
    rows,
    ms,
    queueingMs: ended - batch.createdAt,
    cpuMs,
    peakBytes,
    bytesEachRow: bytes / rows,
    keys,
  };
  console.log(textOf(result));
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine: thisMachine(), ...result }, null, 2)}\n`);
  }
});

function* csvLines(rows: number): Generator<string> {
  yield 'domain,email,public-name,locale\n';
  for (let at = 1; at <= rows; at += 1) {
    yield `pupil-${at}.school.example.org,pupil-${at}@school.example.org,Zoé Martin ${at},fr\n`;
  }
}

function textOf({ rows, ms, queueingMs, cpuMs, peakBytes, bytesEachRow, keys }: Enqueued): string {
  const megabytes = peakBytes === null ? null : peakBytes / 1e6;
  const perRow = cpuMs === null ? null : cpuMs / rows;
  return [
    machineText(thisMachine()),
    '',
    textTable([
      [`${rows} rows of a file`, ''],
      ['seconds of the command', figure(ms / 1000, 2)],
      ['rows a second, by the whole command', figure((rows * 1000) / ms, 0)],
      ['rows a second, from the batch on', figure((rows * 1000) / queueingMs, 0)],
      ['CPU of the command, ms a row', figure(perRow, 3)],
      ['most memory of the command, MB', figure(megabytes)],
      ['Redis, bytes a waiting row', figure(bytesEachRow, 0)],
    ]),
    '',
    textTable([
      ['Redis by key', 'keys', 'bytes a row'],
      ...keys
        .slice(0, 12)
        .map(({ pattern, keys: count, bytes }) => [pattern, String(count), figure(bytes / rows, 1)]),
    ]),
  ].join('\n');
}
