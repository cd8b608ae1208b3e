import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.ts';
import { configSecrets } from '../../src/config/config-secrets.ts';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { isPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import type { InstanceDocument, StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { RawOptions } from '../../src/instances/options/flags.ts';
import { type ParsedOptions, parseInstanceOptions } from '../../src/instances/options/parse-options.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';
import { PUBLIC_DEV_ENCRYPTOR_KEY } from '../../src/instances/vault/organization-key.ts';
import { storedPassphrase } from '../../src/instances/vault/passphrase.ts';
import { type KeyedFleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { sealPassphrase } from '../../src/jobs/fleet/sealed-passphrase.ts';
import type { StageName } from '../../src/jobs/kinds/job-kinds.ts';
import { type CreateRequest, creation, enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { type JobEnd, waitForJob } from '../../src/jobs/queue/wait-for-job.ts';
import { type ConnectedWorker, type ConnectOptions, connectWorker } from '../../src/workers/connect.ts';
import type { StageObserver } from '../../src/workers/stage/pipeline.ts';
import { Cleanup } from './cleanup.ts';
import { keyedFleet } from './keyed-fleet.ts';
import { redisAt } from './redis-at.ts';
import { startTestCouch, startTestRedis, type TestCouch, type TestRedis } from './servers.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { capturingLog } from './test-log.ts';
import { workerConfig } from './worker-settings.ts';

export interface TestFleetOptions {
  readonly concurrency?: number;
  /** Changes the configuration that the worker gets. */
  configure?(config: Config): Config;
  readonly observer?: StageObserver;
  /** How long the worker lets CouchDB be silent. */
  readonly patience?: ConnectOptions['couchTimeouts'];
  /** False for a fleet whose worker comes later, with `startWorker`. */
  readonly worker?: boolean;
}

/** How one creation that was waited for ended. */
export interface Creation {
  readonly jobId: string;
  readonly domain: string;
  readonly end: JobEnd;
}

export interface TestFleet {
  readonly fleet: KeyedFleet;
  readonly couch: TestCouch;
  readonly redis: TestRedis;
  /** The CouchDB, to look at what was made and to put things in the way. */
  readonly server: CouchServer;
  readonly config: Config;
  readonly storageRoot: string;
  /** Everything the worker logged, one JSON text a line. */
  readonly logLines: readonly string[];
  /** A domain that no other test has, even on a server shared with others. */
  domain(name: string): string;
  parse(raw: RawOptions): ParsedOptions;
  /** What a command would queue for these options. */
  request(raw: RawOptions, passphrase?: string): Promise<CreateRequest>;
  /** Queues one creation and answers its job at once. */
  submit(raw: RawOptions, passphrase?: string): Promise<string>;
  /** Queues one creation and waits until its job has ended. */
  create(raw: RawOptions, passphrase?: string): Promise<Creation>;
  /** Waits until a job that was submitted has ended. */
  ended(jobId: string): Promise<JobEnd>;
  startWorker(): Promise<void>;
  /** Stops the worker that was started last, as SIGTERM does. */
  stopWorker(): Promise<void>;
  /** Does something right before the worker begins that stage, or a part of it, the next time; once. */
  beforeStage(stage: StageName | `skeleton ${string}`, work: () => Promise<void> | void): void;
  /** Writes a document of `global/instances` as somebody else would; it goes at the end. */
  putInstance(fields: Partial<InstanceDocument> & { domain: string }): Promise<StoredInstance>;
  /** The one document with that domain. */
  instance(domain: string): Promise<StoredInstance | undefined>;
  /** All documents of a database of the instance; `prefix` only where it is not the domain's. */
  documents(domain: string, doctype: string): Promise<StoredDocument[]>;
  /** Names of all databases below the prefix that is computed from that domain. */
  databases(domain: string): Promise<string[]>;
  /** Removes what is there of a domain: documents, databases, files. Also done for all at the end. */
  remove(domain: string): Promise<void>;
  close(): Promise<void>;
}

const FLEET_RECORD = '_local/cozy-fleet';
const PATIENCE_MS = 30_000;

/** Redis, CouchDB, a storage and a worker of the test's own, put together as an operator would. */
export async function startTestFleet(options: TestFleetOptions = {}): Promise<TestFleet> {
  const { concurrency = 4, configure = (config) => config, observer, patience } = options;
  const cleanup = new Cleanup();
  try {
    const couch = cleanup.add(await startTestCouch(), (each) => each.close());
    const redis = cleanup.add(await startTestRedis(), (each) => each.close());
    const directory = cleanup.add(await temporaryDirectory('fleet'), (each) => each.remove());
    const storage = { path: join(directory.path, 'storage') };
    await mkdir(storage.path);
    const server = cleanup.add(connectCouch({ url: couch.url, connections: 16 }), (each) => each.close());
    await ensureGlobalDatabases(server);
    if (couch.real) await shareRecord(server, storage.path, cleanup);
    const config = configure(
      workerConfig({
        couchUrl: couch.url,
        redis: redisAt(redis.url),
        storageRoot: storage.path,
        prefix: 'fleet',
        concurrency,
        connections: 32,
      }),
    );
    const opened = cleanup.add(await openFleet({ ...config.fleet, role: 'command' }), (each) => each.close());
    const fleet = await keyedFleet(opened, server);

    const logLines: string[] = [];
    const log = capturingLog(logLines, configSecrets(config));
    const unique = randomBytes(4).toString('hex');
    const domains = new Set<string>();

    async function remove(domain: string): Promise<void> {
      // By the view itself: some tests write documents that cannot be read.
      const view = 'domain-and-aliases';
      const rows = await server.view(INSTANCES, view, view, { keys: [domain], includeDocs: true });
      const prefixes = new Set([prefixOf(domain)]);
      for (const { doc } of rows) {
        if (doc?.['domain'] !== domain) continue;
        if (isPoolPrefix(String(doc['prefix']))) prefixes.add(String(doc['prefix']));
        await server.deleteDocument(INSTANCES, doc._id, doc._rev);
      }
      for (const prefix of prefixes) {
        for (const name of await server.listDatabases(`${prefix}/`)) await server.deleteDatabase(name);
      }
      await rm(join(storage.path, domain), { recursive: true, force: true });
    }
    cleanup.add(domains, async () => {
      if (couch.real) for (const domain of domains) await remove(domain);
    });

    const hooks = new Map<string, () => Promise<void> | void>();
    const hooked: StageObserver = {
      async before(stage) {
        const hook = hooks.get(stage);
        hooks.delete(stage);
        await hook?.();
        await observer?.before?.(stage);
      },
      after: (stage) => observer?.after?.(stage),
    };
    let worker: ConnectedWorker | undefined;

    async function stopWorker(): Promise<void> {
      await worker?.stop();
      worker = undefined;
    }
    async function startWorker(): Promise<void> {
      await stopWorker();
      worker = await connectWorker({
        config,
        log,
        observer: hooked,
        ...(patience && { couchTimeouts: patience }),
      });
    }
    cleanup.add(stopWorker, (stop) => stop());

    function parse(raw: RawOptions): ParsedOptions {
      const rules = { subdomains: config.subdomains, clusters: config.couchdb.clusters.length };
      const parsed = parseInstanceOptions(raw, rules);
      domains.add(parsed.options.domain);
      return parsed;
    }

    async function request(raw: RawOptions, passphrase?: string): Promise<CreateRequest> {
      const { options: wanted } = parse(passphrase === undefined ? raw : { ...raw, passphrase });
      if (passphrase === undefined) return { options: wanted, tries: 8 };
      const stored = await storedPassphrase(passphrase, wanted, PUBLIC_DEV_ENCRYPTOR_KEY);
      const clear = { domain: wanted.domain, passphrase };
      return { options: wanted, tries: 8, seal: sealPassphrase(fleet.sealKey, stored, clear) };
    }

    async function submit(raw: RawOptions, passphrase?: string): Promise<string> {
      const answer = await enqueueJob(fleet, creation(await request(raw, passphrase)));
      if (answer.state !== 'queued') throw new Error(`${raw['domain']} was not queued: ${answer.state}`);
      return answer.jobId;
    }

    async function ended(jobId: string): Promise<JobEnd> {
      const end = await waitForJob(fleet, jobId, { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (end.state === 'running') throw new Error(`job ${jobId} did not end: ${JSON.stringify(end)}`);
      return end;
    }

    async function instance(domain: string): Promise<StoredInstance | undefined> {
      const owners = await findByNames(server, [domain]);
      const [only, ...others] = owners.filter((owner) => owner.domain === domain);
      if (others.length > 0) throw new Error(`${domain} has ${owners.length} documents`);
      return only;
    }

    if (options.worker !== false) await startWorker();
    return {
      fleet,
      couch,
      redis,
      server,
      config,
      storageRoot: storage.path,
      logLines,
      domain: (name) => `${name}-${unique}.example.org`,
      parse,
      request,
      submit,
      ended,
      async create(raw, passphrase) {
        const jobId = await submit(raw, passphrase);
        return { jobId, domain: raw['domain'] ?? '', end: await ended(jobId) };
      },
      startWorker,
      stopWorker,
      beforeStage: (stage, work) => void hooks.set(stage, work),
      async putInstance(fields) {
        domains.add(fields.domain);
        const document = {
          _id: randomBytes(16).toString('hex'),
          locale: 'en',
          password_defined: false,
          ...fields,
        };
        return { ...document, _rev: await server.putDocument(INSTANCES, document) };
      },
      instance,
      async documents(domain, doctype) {
        const prefix = (await instance(domain))?.prefix ?? prefixOf(domain);
        const rows = await server.allDocuments(databaseName(prefix, doctype), { includeDocs: true });
        return rows.flatMap(({ doc }) => (doc ? [doc] : []));
      },
      databases: (domain) => server.listDatabases(`${prefixOf(domain)}/`),
      remove,
      close: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

/**
 * Makes a new storage fit a server that may belong to a fleet already: its Redis is new, so the id in
 * the storage is all that is asked. A record that comes up during the test goes with it.
 */
async function shareRecord(server: CouchServer, root: string, cleanup: Cleanup): Promise<void> {
  const fleetId = (await server.getDocument(INSTANCES, FLEET_RECORD))?.['fleet_id'];
  if (typeof fleetId === 'string') {
    await writeFile(join(root, '.cozy-fleet'), `${fleetId}\n`);
    return;
  }
  cleanup.add(server, async () => {
    const made = await server.getDocument(INSTANCES, FLEET_RECORD);
    if (made !== undefined) await server.deleteDocument(INSTANCES, FLEET_RECORD, made._rev);
  });
}
