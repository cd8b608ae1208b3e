import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAppStore } from '../apps/app-store.ts';
import { appHosts } from '../apps/fetch/app-hosts.ts';
import { createAppHttp } from '../apps/fetch/http.ts';
import { type Config, clustersOpenToCreation } from '../config/config.ts';
import { createDispatchTransport } from '../couchdb/dispatch-transport.ts';
import { createHasOneNode } from '../couchdb/has-one-node.ts';
import { type CouchServer, type CouchServerOptions, connectCouch } from '../couchdb/server.ts';
import { FleetError } from '../errors.ts';
import { createDesignSource } from '../instances/databases/design-source.ts';
import { clusterAt } from '../instances/lookup/cluster-at.ts';
import { createHasOneCopy } from '../instances/lookup/has-one-copy.ts';
import { createPrefixIndex } from '../instances/lookup/prefix-index.ts';
import { ensureGlobalDatabases } from '../instances/platform/global-databases.ts';
import { watchPlatform } from '../instances/platform/platform-indexes.ts';
import { createPoolStore } from '../instances/pool/pool-store.ts';
import { encryptorKeyOf } from '../instances/vault/organization-key.ts';
import { askCouchTime } from '../jobs/dates/ask-couch-time.ts';
import { type Fleet, openFleet } from '../jobs/fleet/fleet.ts';
import { joinFleet } from '../jobs/fleet/fleet-record.ts';
import { createSigner } from '../jobs/fleet/signer.ts';
import type { WorkEvent } from '../jobs/queue/work-event.ts';
import { fleetLogins } from '../jobs/redis/logins.ts';
import type { Log } from '../logger.ts';
import { createSkeletonStore } from '../skeleton/skeleton-store.ts';
import { connectStack } from '../stack/connect.ts';
import { createStackAdmin } from '../stack/export/stack-admin.ts';
import { createSilentServices } from '../stack/silent-services.ts';
import { fileStorage } from '../storage/file-storage.ts';
import { createPool } from './pool/create-pool.ts';
import type { StageObserver } from './stage/pipeline.ts';
import { type FleetWorker, startWorker } from './worker.ts';

export interface ConnectedWorker extends Pick<FleetWorker, 'id' | 'report'> {
  /** Stops the worker and closes its connections, within the grace of the configuration. @throws FleetError `stop_cut_short` */
  stop(): Promise<void>;
}

/** Of the time that a worker has to stop, what is kept for closing its connections, in milliseconds. */
const CLOSING_MS = 500;

export interface ConnectOptions {
  readonly config: Config;
  readonly log: Log;
  readonly observer?: StageObserver;
  /** Told of each step of the work. */
  onWork?(event: WorkEvent): void;
  /** How long CouchDB may be silent, where that is to be other than usual. */
  readonly couchTimeouts?: Pick<CouchServerOptions, 'timeout' | 'readTimeout'>;
}

/**
 * Connects a worker to everything the configuration names, and starts it.
 * @throws FleetError when Redis, CouchDB and the storage do not belong together, or one is not usable
 */
export async function connectWorker({
  config,
  log,
  observer,
  onWork,
  couchTimeouts,
}: ConnectOptions): Promise<ConnectedWorker> {
  const { connections, q, n } = config.fleet;
  const { tls } = config.couchdb;
  const servers = new Map<string, CouchServer>();
  const logins = fleetLogins(config.fleet);
  const connect = (url: string): CouchServer => {
    const shared = { connections, q, n, tls, bookAt: logins.at, createTransport: createDispatchTransport };
    const options = { url, ...shared, ...couchTimeouts };
    const known = servers.get(url) ?? connectCouch(options);
    servers.set(url, known);
    return known;
  };
  const global = connect(config.couchdb.url);
  const clusters = config.couchdb.clusters.map(({ url }) => connect(url));
  const storage = fileStorage(config.storage.root);
  const stack = connectStack(config.stackRedis);
  const stackAdmin = config.stackAdmin === undefined ? undefined : createStackAdmin(config.stackAdmin);
  const hosts = appHosts(Object.values(config.registries).flat(), config.fleet.appHosts);
  const http = createAppHttp(hosts);
  const { directory, bytes } = config.fleet.appCache;
  const apps = createAppStore({
    directory,
    cacheBytes: bytes,
    http,
    hosts,
    onDiscard: (entry) => {
      log.warn('application thrown away, for it is not what was put into the cache', { directory, entry });
    },
  });
  const close = async () => {
    stack.close();
    await stackAdmin?.close();
    await apps.close();
    await http.close();
    for (const server of servers.values()) await server.close();
    logins.close();
  };
  let fleet: Fleet | undefined;
  try {
    await storage.probe();
    await apps.check();
    const platform = watchPlatform(global, config.fleet.indexesVersion);
    // What is made next must not be taken for a stack's.
    await platform.indexes();
    await ensureGlobalDatabases(global);
    fleet = await openFleet({
      ...config.fleet,
      role: 'worker',
      onWait: (reason) => log.warn('waiting', { reason }),
    });
    const { sealKey } = await joinFleet({ ...fleet, global, storage });
    const creationClusters = clustersOpenToCreation(config);
    if (creationClusters.length === 0) {
      throw new FleetError(
        'no_cluster',
        'no CouchDB cluster is open to creation',
        'Check instance_creation in couchdb.clusters.',
      );
    }
    const cluster = (index: number | undefined) => clusterAt(clusters, index);
    const designs = createDesignSource();
    const { prefix, pool } = config.fleet;
    const worker = await startWorker({
      fleet: { ...fleet, sealKey, signer: createSigner(sealKey) },
      prefix,
      services: {
        global,
        clusters,
        cluster,
        storage,
        prefixIndex: createPrefixIndex(global),
        hasOneCopy: createHasOneCopy(global),
        hasOneNode: createHasOneNode(),
        designs,
        pool: createPool({
          store: createPoolStore(global),
          fleet: prefix,
          settings: pool,
          cluster,
          designs,
          q,
          n,
        }),
        platform,
        linkScheme: config.fleet.linkScheme,
        subdomains: config.subdomains,
        skeletons: createSkeletonStore(config.fleet.skeleton, config.fleet.skeletonTypes),
        contexts: config.contexts,
        forcedOidcContexts: config.forcedOidcContexts,
        commonSettings: config.commonSettings,
        clouderies: config.clouderies,
        silentServices: createSilentServices(),
        stack,
        stackAdmin,
        rag: config.rag,
        apps,
        registries: config.registries,
        log,
        encryptorKey: await encryptorKeyOf(
          { encryptor: config.vault.encryptorKey, decryptor: config.vault.decryptorKey },
          (path) => readFile(path, 'utf8'),
        ),
      },
      clusters,
      creationClusters,
      concurrency: config.fleet.concurrency,
      dates: {
        guardPercent: config.fleet.guardPercent,
        couchTime: (signal) => askCouchTime(config.couchdb, signal),
      },
      log,
      // What is left of the time is for the connections.
      neighboursDirectory: join(directory, 'workers'),
      graceMs: config.fleet.graceSeconds * 1000 - CLOSING_MS,
      ...(observer === undefined ? {} : { observer }),
      ...(onWork === undefined ? {} : { onWork }),
    });
    const opened = fleet;
    return {
      id: worker.id,
      report: worker.report,
      async stop() {
        try {
          await worker.stop();
        } finally {
          await opened.close();
          await close();
        }
      },
    };
  } catch (error) {
    await fleet?.close();
    await close();
    throw error;
  }
}
