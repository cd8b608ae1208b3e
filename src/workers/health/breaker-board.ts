import { atTime } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { Storage } from '../../storage/storage.ts';
import { type Breaker, createBreaker } from './breaker.ts';

/** Where a failure comes from, to find the breaker that answers for it. */
export type Target = { readonly kind: 'couchdb'; readonly host: string } | { readonly kind: 'storage' };

export interface BoardOptions {
  readonly global: CouchServer;
  /** All clusters; the global one may be among them. */
  readonly clusters: readonly CouchServer[];
  readonly storage: Storage;
  /** Called when a breaker opens, closes, or has another reason to be open; the reason is empty when it is closed. */
  onChange(name: string, reason: string): void;
}

/** One breaker per CouchDB cluster and one for the storage (`ARCHITECTURE.md` §4.3). */
export interface BreakerBoard {
  /** @param credentials whether the target refused our credentials */
  trip(target: Target, credentials: boolean): void;
  /** Whether nothing at all can be done: no job can do without the global database and the storage. */
  readonly blocksAll: boolean;
  /** Whether that cluster can be used now. */
  isUsable(server: CouchServer): boolean;
  /** Whether the target of a failure is away, or only that one request failed. */
  isAway(target: Target): Promise<boolean>;
  stop(): void;
}

export function createBreakerBoard({ global, clusters, storage, onChange }: BoardOptions): BreakerBoard {
  const servers = new Map([global, ...clusters].map((server) => [server.host, server]));
  const couch = new Map<string, Breaker>();
  for (const [host, server] of servers) {
    couch.set(
      host,
      createBreaker({
        probe: (signal) => whyAway(server, signal),
        onChange: (reason) => onChange(`CouchDB ${host}`, reason),
      }),
    );
  }
  const files = createBreaker({
    probe: async () => ((await writable(storage)) ? '' : 'cannot be written to'),
    onChange: (reason) => onChange(`storage ${storage.name}`, reason),
  });
  function reasonFor(target: Target, credentials: boolean): string {
    if (target.kind === 'storage') return 'cannot be written to';
    const server = servers.get(target.host);
    return credentials && server !== undefined ? refusalOf(server) : 'is away';
  }
  const breakerOf = (target: Target) => (target.kind === 'storage' ? files : couch.get(target.host));

  return {
    trip: (target, credentials) => breakerOf(target)?.trip(reasonFor(target, credentials)),
    get blocksAll() {
      const usable = clusters.some(({ host }) => couch.get(host)?.open === false);
      return files.open || couch.get(global.host)?.open === true || !usable;
    },
    isUsable: ({ host }) => couch.get(host)?.open !== true,
    async isAway(target) {
      if (target.kind === 'storage') return !(await writable(storage));
      const server = servers.get(target.host);
      return server !== undefined && (await server.health()).state !== 'up';
    },
    stop() {
      for (const breaker of [files, ...couch.values()]) breaker.stop();
    },
  };
}

async function writable(storage: Storage): Promise<boolean> {
  try {
    await storage.probe();
    return true;
  } catch {
    return false;
  }
}

/** What of a server is asked for when it cannot be worked with. */
type ProbedServer = Pick<CouchServer, 'health' | 'isAuthorized' | 'nextTry'>;

/**
 * Why a CouchDB cannot be worked with, to go after its name; empty when it can. A password that was refused is
 * not tried for it before its time.
 */
export async function whyAway(server: ProbedServer, signal: AbortSignal): Promise<string> {
  const health = await server.health(signal);
  if (health.state !== 'up') return health.reason;
  if (server.nextTry === undefined || (await server.isAuthorized(signal))) return '';
  return refusalOf(server);
}

/** That the password was refused, and when it is tried next. */
export function refusalOf({ nextTry }: Pick<CouchServer, 'nextTry'>): string {
  const refused = 'refuses our user or password';
  return nextTry === undefined ? refused : `${refused}, next try ${atTime(nextTry)}`;
}
