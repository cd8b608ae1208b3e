import { parseArgs } from 'node:util';
import { type Operation, SIDES, type SideName } from './side.ts';

/** What can be chosen: a pool is filled where one is emptied. */
const CHOICES = ['create', 'destroy'] as const satisfies readonly Operation[];

/** What a run of the benchmark measures. */
export interface Settings {
  readonly only: readonly (typeof CHOICES)[number][];
  readonly sides: readonly SideName[];
  /** Rounds that count; each measures all sides once. */
  readonly rounds: number;
  /** Instances each side makes in a round. */
  readonly instances: number;
  /** Instances at a time, on all sides. */
  readonly concurrency: number;
  /** Instances each side makes before the first round, so that connections are open and code is compiled: V8 goes on with that for some 200. */
  readonly warmUp: number;
  /** Connections to CouchDB, on all sides. */
  readonly connections: number;
  /** Least milliseconds of rest before each measurement (`server/rest.ts`). */
  readonly settle: number;
  /** Shards of new databases, on all sides; undefined = as the server has it. */
  readonly q: number | undefined;
  /** Single creations from a full pool, one after the other, before the rounds; 0 = none. */
  readonly claims: number;
  /** `off`: CouchDB builds no indexes in the background meanwhile. */
  readonly ken: 'on' | 'off';
  /** Admin API of a stack that is measured as well; undefined = none is. */
  readonly peer: string | undefined;
  /** Process of CouchDB; undefined = whoever listens on its port. */
  readonly serverPid: number | undefined;
  /** Process of the stack; undefined = whoever listens on its port. */
  readonly peerPid: number | undefined;
  /** File for the figures, `-` for stdout; undefined = none. */
  readonly json: string | undefined;
  /** File for the chart; undefined = none. */
  readonly svg: string | undefined;
}

export const USAGE = `npm run bench -- [options]

  --only <list>      create, destroy or both (create,destroy)
  --sides <list>     raw, queue, pool: batches from a full pool, whose filling is measured too (raw,queue)
  --peer <url>       admin API of a stack, measured in the same rounds; its passphrase is in COZY_ADMIN_PASSWORD
  --claims <n>       single creations from a full pool beforehand, one after the other (none)
  --rounds <n>       rounds; the side that begins alternates (10)
  --instances <n>    instances each side makes in a round (40)
  --concurrency <n>  instances at a time (6)
  --warm-up <n>      instances each side makes beforehand (200)
  --connections <n>  connections to CouchDB (32)
  --settle <s>       least seconds of rest before each measurement (2)
  --q <n>            shards of new databases, by the server's own setting, put back afterwards
  --ken <on|off>     off: no building of indexes in the background, put back afterwards (on: as the server has it)
  --server-pid <n>   process of CouchDB, where its port does not tell
  --peer-pid <n>     process of the stack, where its port does not tell
  --json <file>      the figures as JSON; - prints them in place of the table
  --svg <file>       a chart of them
  --help

COUCHDB_URL names the server, credentials included; without it an embedded one is started.
BENCH_WORKER_NODE_OPTIONS are more options for the worker's Node, such as --cpu-prof.`;

/**
 * @returns undefined when only the usage was asked for
 * @throws for an option that is not good
 */
export function readSettings(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: 'create,destroy' },
      sides: { type: 'string', default: 'raw,queue' },
      peer: { type: 'string' },
      claims: { type: 'string' },
      rounds: { type: 'string', default: '10' },
      instances: { type: 'string', default: '40' },
      concurrency: { type: 'string', default: '6' },
      'warm-up': { type: 'string', default: '200' },
      connections: { type: 'string', default: '32' },
      settle: { type: 'string', default: '2' },
      q: { type: 'string' },
      ken: { type: 'string', default: 'on' },
      'server-pid': { type: 'string' },
      'peer-pid': { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { peer, ken, json, svg } = values;
  if (ken !== 'on' && ken !== 'off') throw new Error(`--ken must be on or off, not ${ken}`);
  if (peer !== undefined && !URL.canParse(peer)) throw new Error(`--peer must be a URL, not ${peer}`);
  const sides = chosen('sides', values.sides, SIDES);
  const claims = optional('claims', values.claims) ?? 0;
  if (claims > 0 && !sides.includes('pool')) throw new Error('--claims needs --sides pool');
  if (peer === undefined && sides.includes('stack')) throw new Error('--sides stack needs --peer');
  return {
    only: chosen('only', values.only, CHOICES),
    sides: peer === undefined || sides.includes('stack') ? sides : [...sides, 'stack'],
    rounds: positive('rounds', values.rounds),
    instances: positive('instances', values.instances),
    concurrency: positive('concurrency', values.concurrency),
    warmUp: positive('warm-up', values['warm-up']),
    connections: positive('connections', values.connections),
    settle: positive('settle', values.settle) * 1000,
    claims,
    q: optional('q', values.q),
    ken,
    peer,
    serverPid: optional('server-pid', values['server-pid']),
    peerPid: optional('peer-pid', values['peer-pid']),
    json,
    svg,
  };
}

/** @returns each of the names once, in the order of `known` */
function chosen<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
  const names = text.split(',').map((name) => name.trim());
  const strange = names.find((name) => !known.some((each) => each === name));
  if (strange !== undefined) throw new Error(`--${option} knows ${known.join(', ')}, not ${strange}`);
  return known.filter((name) => names.includes(name));
}

function optional(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : positive(name, text);
}

/** @throws for anything but a whole number above 0 */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, not ${text}`);
}
