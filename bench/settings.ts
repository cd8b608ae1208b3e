import { parseArgs } from 'node:util';

/** What a run of the benchmark measures. */
export interface Settings {
  /** Rounds that count; each measures both sides once. */
  readonly rounds: number;
  /** Instances each side makes in a round. */
  readonly instances: number;
  /** Instances at a time, on both sides. */
  readonly concurrency: number;
  /** Instances each side makes before the first round, so that code is compiled and connections are open. */
  readonly warmUp: number;
  /** Connections to CouchDB, on both sides. */
  readonly connections: number;
  /** Least milliseconds of rest before each measurement (`rest.ts`). */
  readonly settle: number;
  readonly json: boolean;
}

export const USAGE = `npm run bench -- [options]

  --rounds <n>       rounds of raw requests and queue (7)
  --instances <n>    instances each side makes in a round (40)
  --concurrency <n>  instances at a time (6)
  --warm-up <n>      instances each side makes beforehand (60)
  --connections <n>  connections to CouchDB (32)
  --settle <s>       least seconds of rest before each measurement (2)
  --json             the figures as JSON
  --help

COUCHDB_URL names the server, credentials included; without it an embedded one is started.
BENCH_WORKER_NODE_OPTIONS are more options for the worker's Node, such as --cpu-prof.`;

/** @returns undefined when only the usage was asked for */
export function readSettings(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '7' },
      instances: { type: 'string', default: '40' },
      concurrency: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '60' },
      connections: { type: 'string', default: '32' },
      settle: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    rounds: positive('rounds', values.rounds),
    instances: positive('instances', values.instances),
    concurrency: positive('concurrency', values.concurrency),
    warmUp: positive('warm-up', values['warm-up']),
    connections: positive('connections', values.connections),
    settle: positive('settle', values.settle) * 1000,
    json: values.json,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, not ${text}`);
}
