import * as z from 'zod';
import type { Keys } from '../../jobs/redis/keys.ts';
import { count, readableDuration } from '../../quantity-text.ts';
import type { RedisClient } from '../../redis/client.ts';
import { type Finding, findingsOf } from './finding.ts';

const found = findingsOf('workers');

/** A worker as it was heard of last. */
export interface HeardWorker {
  readonly id: string;
  /** Milliseconds since 1970, by the worker's own clock. */
  readonly heardAt: number;
  /** What it said; undefined where that is gone, as some seconds after its death, or cannot be read. */
  readonly said: Said | undefined;
}

const said = z.object({
  host: z.string().max(300),
  pid: z.coerce.number().int(),
  waitsFor: z.string().max(2_000).default(''),
  /** Of cozy-fleet and of Node.js; workers before them do not say so. */
  version: z.string().max(100).optional(),
  node: z.string().max(100).optional(),
});

type Said = z.infer<typeof said>;

/** Workers that are looked at: the latest. */
const MOST = 500;

/** Reads them without tidying up, as listing them does. */
export async function readWorkers(redis: RedisClient, keys: Keys): Promise<HeardWorker[]> {
  const pairs = await redis.zrange(keys.workers, `-${MOST}`, '-1', 'WITHSCORES');
  const heard = Array.from({ length: Math.floor(pairs.length / 2) }, (_, at) => {
    return { id: pairs[2 * at] ?? '', heardAt: Number(pairs[2 * at + 1]) };
  });
  return await Promise.all(
    heard.map(async (each) => {
      // Whatever is under that name may not be a hash.
      const fields = await redis.hgetall(keys.worker(each.id)).catch(() => ({}));
      return { ...each, said: said.safeParse(fields).data };
    }),
  );
}

/** Silence that means something, in milliseconds, and how long a dead worker is spoken of. */
const SILENT_MS = 5_000;
const FORGOTTEN_MS = 600_000;

const START = 'cozy-fleet workers start';

/**
 * What is judged of them.
 * @param version of cozy-fleet here
 * @param now milliseconds since 1970
 */
export function judgeWorkers(workers: readonly HeardWorker[], version: string, now: number): Finding[] {
  const isSilent = ({ said, heardAt }: HeardWorker) => said === undefined || now - heardAt > SILENT_MS;
  const alive = workers.filter((each) => !isSilent(each));
  const silent = workers.filter((each) => isSilent(each) && now - each.heardAt < FORGOTTEN_MS);
  const findings = [
    alive.length === 0
      ? found.warn('running', 'no worker is running: what is queued waits', `Start one: ${START}`)
      : found.ok(
          'running',
          alive.length === 1 ? '1 worker is running' : `${count(alive.length)} workers are running`,
        ),
  ];
  if (silent.length > 0) {
    const some = silent
      .slice(0, 5)
      .map((each) => `${nameOf(each)} for ${readableDuration(now - each.heardAt)}`);
    const text = `${count(silent.length)} silent: ${some.join(', ')}`;
    findings.push(
      found.warn(
        'silent',
        text,
        `Look whether they were killed, or have no network; another one: ${START}. Dead ones leave the list at the next \`cozy-fleet workers ls\`.`,
      ),
    );
  }
  return [...findings, ...judgeVersions(alive, version), ...judgeWaiting(alive)];
}

function nameOf({ id, said }: HeardWorker): string {
  return said === undefined ? id.slice(0, 60) : `${said.host} (pid ${said.pid})`;
}

function judgeVersions(alive: readonly HeardWorker[], version: string): Finding[] {
  const others = alive.filter(({ said }) => said?.version !== undefined && said.version !== version);
  if (others.length > 0) {
    const which = others.slice(0, 5).map((each) => `${nameOf(each)} ${each.said?.version ?? ''}`);
    const text = `${count(others.length)} of another version than ${version} here: ${which.join(', ')}`;
    return [
      found.warn(
        'version',
        text,
        'Install one version on all machines, and start their workers again: jobs are handed back.',
      ),
    ];
  }
  const unknown = alive.filter(({ said }) => said?.version === undefined);
  if (alive.length === 0 || unknown.length === alive.length) return [];
  return unknown.length > 0
    ? [
        found.warn(
          'version',
          `${count(unknown.length)} do not say their version: they are older than ${version}`,
          'Start them again with this version.',
        ),
      ]
    : [found.ok('version', `all of version ${version}, as here`)];
}

function judgeWaiting(alive: readonly HeardWorker[]): Finding[] {
  const waiting = alive.filter(({ said }) => said !== undefined && said.waitsFor !== '');
  if (waiting.length === 0) return [];
  const why = [...new Set(waiting.map(({ said }) => said?.waitsFor.slice(0, 200) ?? ''))].slice(0, 3);
  const text = `${count(waiting.length)} of ${count(alive.length)} hold work back: ${why.join('; ')}`;
  return [found.warn('waiting', text, 'Put that right: work goes on by itself within seconds.')];
}

/** The oldest Node.js that is supported. */
const OLDEST_NODE = [20, 19] as const;

/** What is judged of the Node.js that runs this. @param node its version, such as `20.19.1` */
export function judgeNode(node: string, version: string): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [least, leastMinor] = OLDEST_NODE;
  const text = `cozy-fleet ${version} on Node.js ${node} here`;
  if (major > least || (major === least && minor >= leastMinor)) return found.ok('here', text);
  return found.warn('here', text, `Use Node.js ${OLDEST_NODE.join('.')} or later.`);
}
