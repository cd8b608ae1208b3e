import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { benchDomains } from '../instances.ts';
import { removeInstances } from '../remove.ts';
import { machineText, thisMachine } from '../report/machine.ts';
import { quartiles } from '../report/statistics.ts';
import { textTable } from '../report/text-table.ts';
import { positive } from '../rounds/settings.ts';
import { runBench } from '../run-bench.ts';
import { rest } from '../server/rest.ts';
import { type BenchServers, openServers } from '../servers.ts';
import { forkWorker } from '../worker.ts';
import { builtProgram, DEFAULT_PREFIX, packedProgram, writeConfig } from './program.ts';
import { type TimedCommand, timedCommand } from './timed-command.ts';

// Measures single commands by the clock from outside, in turns: what somebody waits for who types them.

const USAGE = `npm run bench:cli -- [options]

  --starts <n>   of each command (20)
  --packed       also what npm pack makes of the checkout, installed in a directory of its own
  --json <file>  the figures as JSON
  --help

It runs what was built: npm run build. COUCHDB_URL names a server without instances, credentials included; without it an
embedded one is started.`;

const CONNECTIONS = 32;

/** As `cozy.yaml` has it where nothing else is said. */
const CONCURRENCY = 4;

/** One command, run in turns with the others. */
interface Start {
  readonly name: string;
  argv(at: number): readonly string[];
  /** Whether it printed what it should: one that fails early is fast. */
  readonly printed: RegExp;
}

interface Started {
  readonly name: string;
  readonly runs: Pick<TimedCommand, 'ms' | 'cpuMs'>[];
}

await runBench(async (interrupted, closers) => {
  const { values } = parseArgs({
    options: {
      starts: { type: 'string', default: '20' },
      packed: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const starts = positive('starts', values.starts);
  const programs = new Map([['checkout', builtProgram()]]);
  const directory = await temporaryDirectory('bench-cli');
  closers.push(() => directory.remove());
  if (values.packed) programs.set('packed', await packedProgram(join(directory.path, 'packed')));
  const servers = await openServers(CONNECTIONS);
  closers.push(() => servers.close());
  const config = await writeConfig(servers, directory.path);
  const { couchUrl, redisUrl, storageRoot } = servers;
  const worker = await forkWorker({
    couchUrl,
    redisUrl,
    storageRoot,
    prefix: DEFAULT_PREFIX,
    concurrency: CONCURRENCY,
    connections: CONNECTIONS,
  });
  closers.push(() => worker.stop());
  const run = randomBytes(3).toString('hex');
  const commands = [...programs].flatMap(([where, program]) =>
    startsOf(run, where, config).map((start) => ({
      program,
      start,
      result: { name: `${start.name} (${where})`, runs: [] } as Started,
    })),
  );
  // The first round finds files that nobody has read before; it does not count.
  for (let at = 0; at <= starts; at += 1) {
    for (const { program, start, result } of commands) {
      interrupted.throwIfAborted();
      // What is left of the command before is not to be paid by this one.
      await rest(couchUrl, 0, interrupted);
      const timed = await startOnce(servers, program, start, at);
      if (at > 0) result.runs.push({ ms: timed.ms, cpuMs: timed.cpuMs });
    }
  }
  const results = commands.map(({ result }) => result);
  console.log(`${machineText(thisMachine())}; ${starts} starts of each\n\n${tableOf(results)}`);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine: thisMachine(), starts, results }, null, 2)}\n`);
  }
});

function startsOf(run: string, where: string, config: string): Start[] {
  return [
    { name: '--version', argv: () => ['--version'], printed: /^cozy-fleet\/\d/ },
    { name: 'instances ls of none', argv: () => ['instances', 'ls', '--config', config], printed: /^$/ },
    {
      name: 'instances add of one',
      argv: (at: number) => [
        'instances',
        'add',
        domainOf(run, where, at),
        '--locale',
        'fr',
        '--config',
        config,
      ],
      printed: /^Instance created with success for domain /m,
    },
  ];
}

function domainOf(run: string, where: string, at: number): string {
  return benchDomains(run, `${where}-${at}`, 1)[0] ?? '';
}

async function startOnce(
  { couch, storageRoot }: BenchServers,
  program: string,
  { name, argv, printed }: Start,
  at: number,
): Promise<TimedCommand> {
  const words = argv(at);
  try {
    const timed = await timedCommand(program, words);
    if (!printed.test(timed.stdout)) throw new Error(`${name} printed: ${timed.stdout.slice(0, 500)}`);
    return timed;
  } finally {
    const [, verb, domain] = words;
    if (verb === 'add' && domain !== undefined) await removeInstances(couch, storageRoot, [domain]);
  }
}

function tableOf(results: readonly Started[]): string {
  const rows = results.map(({ name, runs }) => {
    const clock = quartiles(runs.map(({ ms }) => ms));
    const cpu = quartiles(runs.flatMap(({ cpuMs }) => cpuMs ?? []));
    return [
      name,
      ...[clock?.median, clock?.lower, clock?.upper, cpu?.median].map((ms) => ms?.toFixed(0) ?? 'not known'),
    ];
  });
  return textTable([['ms', 'median', 'lower quartile', 'upper quartile', 'CPU'], ...rows]);
}
