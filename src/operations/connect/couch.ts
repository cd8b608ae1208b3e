import type { Config } from '../../config/config.ts';
import { atTime, CouchError, isCredentialFailure, isStatus } from '../../couchdb/errors.ts';
import type { HealthProblem } from '../../couchdb/health.ts';
import { type CouchServer, type CouchServerOptions, connectCouch } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import { clusterAt } from '../../instances/lookup/cluster-at.ts';
import { fleetLogins } from '../../jobs/redis/logins.ts';

/** The CouchDB servers of the configuration. */
export interface Couch {
  /** The one of `couchdb.url`. */
  readonly global: CouchServer;
  /** Where the databases of an instance are. @param index its `couch_cluster` @throws Refusal `wrong_cluster` */
  cluster(index: number | undefined): CouchServer;
  /** All of them, each once. */
  servers(): CouchServer[];
  close(): Promise<void>;
}

/** How the servers are talked to, where that is to be other than for a command; `failsSoon` and `createTransport`. */
export type CouchManner = Pick<CouchServerOptions, 'failsSoon' | 'createTransport'>;

/** Connects to nothing before the first call. */
export function openCouch(config: Config, manner: CouchManner = {}): Couch {
  const { connections, q, n } = config.fleet;
  const { tls } = config.couchdb;
  const logins = fleetLogins(config.fleet);
  const servers = new Map<string, CouchServer>();
  const at = (url: string): CouchServer => {
    const options = { url, connections, q, n, tls, bookAt: logins.at, ...manner };
    const server = servers.get(url) ?? connectCouch(options);
    servers.set(url, server);
    return server;
  };
  return {
    global: at(config.couchdb.url),
    cluster: (index) => at(clusterAt(config.couchdb.clusters, index).url),
    servers: () => [
      ...new Set([config.couchdb.url, ...config.couchdb.clusters.map(({ url }) => url)].map(at)),
    ],
    async close() {
      for (const server of servers.values()) await server.close();
      logins.close();
    },
  };
}

/** Milliseconds in which a server that is well has answered. */
const TIMEOUT_MS = 5_000;

/**
 * Makes sure, by one request where all is well, that CouchDB answers and lets us in.
 * @throws FleetError `couchdb_unreachable`, `couchdb_tls` or `couchdb_refused`
 */
export async function checkCouch(server: CouchServer): Promise<void> {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    await server.listDatabases('global/', late);
  } catch (error) {
    if (error instanceof CouchError && isCredentialFailure(error)) throw refused(server.host, error);
    if (isStatus(error, 403)) {
      throw new FleetError(
        'couchdb_refused',
        `CouchDB at ${server.host} does not let the user list databases`,
        'The user of couchdb.url must be a server administrator.',
      );
    }
    const health = await server.health();
    if (health.state !== 'up') throw unreachable(server.host, health);
    throw late.aborted ? tooSlow(server.host) : error;
  }
}

function refused(host: string, { nextTry }: CouchError): FleetError {
  const next = nextTry === undefined ? '' : `. They are not tried again before ${atTime(nextTry).slice(3)}`;
  return new FleetError(
    'couchdb_refused',
    `CouchDB at ${host} refuses the user or password${next}`,
    'Check couchdb.url in the configuration: others than these are tried at once. Many wrong ones would lock the user out.',
  );
}

/** What is said of a CouchDB that is not up. */
export function unreachable(host: string, { state, reason, fault }: HealthProblem): FleetError {
  if (fault !== undefined) {
    return new FleetError('couchdb_tls', `CouchDB at ${host} ${fault.problem}`, fault.advice);
  }
  return new FleetError(
    'couchdb_unreachable',
    state === 'silent' ? `CouchDB does not answer at ${host}` : `CouchDB at ${host} ${reason}`,
    'Start it (cozy-fleet up starts one), or set couchdb.url or COZY_COUCHDB_URL.',
  );
}

function tooSlow(host: string): FleetError {
  return new FleetError(
    'couchdb_unreachable',
    `CouchDB at ${host} does not answer within ${TIMEOUT_MS / 1000} s, though it says that it is up`,
    'Look at its load and its log.',
  );
}

/**
 * Opens the configured CouchDB for the time of `work`, whatever becomes of it.
 * @throws FleetError `couchdb_unreachable` or `couchdb_refused`
 */
export async function withCouch<T>(config: Config, work: (couch: Couch) => Promise<T>): Promise<T> {
  const couch = openCouch(config);
  try {
    await checkCouch(couch.global);
    return await work(couch);
  } finally {
    await couch.close();
  }
}
