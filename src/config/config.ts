import type { CouchTls } from './couch-tls.ts';
import type { RedisTarget, SingleRedis } from './redis-target.ts';

/** Numbers under which stacks count the definitions of an instance's indexes, as far as they are known here. */
export const INDEXES_VERSIONS = [38, 39] as const;

export type IndexesVersion = (typeof INDEXES_VERSIONS)[number];

/** A CouchDB server that holds instances; its index in the list is an instance's `couch_cluster`. */
export interface CouchCluster {
  /** Without trailing slash, credentials included: never print it but through `redactUrl`. */
  readonly url: string;
  /** Whether new instances may be put there. */
  readonly creation: boolean;
}

/** Access to the external settings service of a context. */
export interface CommonSettings {
  /** Empty = the instances of this context have none, not even that of `default`. */
  readonly url: string;
  readonly token: string;
}

/** Access to the Cloudery of a context. */
export interface Cloudery {
  /** Absent, as where there is no token = the instances of this context have none, not even that of `default`. */
  readonly url?: string;
  /** Sent as bearer token. */
  readonly token?: string;
}

/** The Redis of the stack, which is never ours. Credentials included: never print it but through `redisAddress`. */
export interface StackRedis {
  /** The Redis with the stack's jobs and triggers; absent = they are in the stack's memory. */
  readonly jobs?: SingleRedis;
  /** The Redis with the stack's locks; absent = they are in the stack's memory. */
  readonly lock?: SingleRedis;
  /** The Redis with the stack's session codes; absent = they are in the stack's memory. */
  readonly sessions?: SingleRedis;
}

/** Access to the server that indexes files for the AI features of a context. */
export interface RagServer {
  /** Absent = the instances of this context use none, not even that of `default`. */
  readonly url?: string;
  /** Sent as bearer token. */
  readonly token?: string;
}

/**
 * Application registries by context, in the order they are asked; each list ends with those of `default`,
 * which is always there. URLs may hold credentials: never print them but through `redactUrl`.
 */
export type Registries = Readonly<Record<string, readonly string[]>> & {
  readonly default: readonly string[];
};

/** Everything the operator set, checked, with defaults filled in. Made by `loadConfig` only. */
export interface Config {
  /** Absolute path of what it was read from; undefined when environment and flags were enough. */
  readonly file: string | undefined;
  readonly couchdb: {
    /** Server of the global databases, without trailing slash, credentials included. */
    readonly url: string;
    /** At least one: without a list in the configuration, the server of the global databases. */
    readonly clusters: readonly CouchCluster[];
    /** For all of them; absent = as the system does it. Holds a private key: never print it. */
    readonly tls?: CouchTls;
  };
  /** `root` is absolute and never `/`. */
  readonly storage: { readonly kind: 'file'; readonly root: string };
  readonly subdomains: 'nested' | 'flat';
  /**
   * By name, in lower case as the stack sees them: an instance whose context has capitals matches
   * none (`docs/cozy-data.md` §7). Names come from operators: look them up with `Object.hasOwn`.
   */
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Contexts with `authentication.<context>.disable_password_authentication: true`. */
  readonly forcedOidcContexts: readonly string[];
  /** Absolute paths of the key files. */
  readonly vault: { readonly encryptorKey?: string; readonly decryptorKey?: string };
  /** By context. */
  readonly commonSettings: Readonly<Record<string, CommonSettings>>;
  /** By context: what is told that settings of an instance have changed. */
  readonly clouderies: Readonly<Record<string, Cloudery>>;
  /** Where a running stack is asked to do what only it can; undefined unless both are configured. */
  readonly stackAdmin?: StackAdminConfig;
  /** Undefined when the stack has no Redis, or where no stack runs. */
  readonly stackRedis?: StackRedis;
  /** By context. */
  readonly rag: Readonly<Record<string, RagServer>>;
  /** Where applications come from. */
  readonly registries: Registries;
  /** How long a stack keeps its jobs, as it is written (`2W`); absent = as a stack does by itself. */
  readonly jobsKept?: string;
  /** The reason the operator gave for switching off `add` and `destroy`. */
  readonly disableAddRm: string | undefined;
  readonly fleet: FleetConfig;
  readonly serve: ServeConfig;
}

/** The admin port of a running stack. */
export interface StackAdminConfig {
  /** Without trailing slash. */
  readonly url: string;
  /** A secret. */
  readonly passphrase: string;
}

/** What `cozy-fleet serve` needs: part of the `fleet:` section, and the stack's file with the admin passphrase. */
export interface ServeConfig {
  /** Where the pages of instances are served. */
  readonly publicHost: string;
  readonly publicPort: number;
  /** Where the admin API and the fleet page are served. */
  readonly adminHost: string;
  readonly adminPort: number;
  /** Addresses and networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  readonly trustedProxies: readonly string[];
  /** A running stack's public port, without trailing slash; absent = none, and we answer ourselves. */
  readonly upstream?: string;
  /** A running stack's admin port, without trailing slash; absent = none. */
  readonly adminUpstream?: string;
  /** The bearer token of Cloudery's calls, a secret; absent = they are not served. */
  readonly clouderyToken?: string;
  /** How long an answer waits for its job. */
  readonly holdSeconds: number;
  /** Absolute paths where the file with the admin passphrase may be, first choice first: the stack's come first. */
  readonly adminPassphraseFiles: readonly string[];
}

/** `fleet.pool`: databases made beforehand, for each cluster on which new instances may be made. */
export interface PoolConfig {
  /** Items up to which it is filled; 0 = there is no pool. */
  readonly size: number;
  /** It is filled again once fewer are ready. */
  readonly low: number;
  /** Items that batches leave to single creations. */
  readonly reserve: number;
  /** Hours of the day in which it is filled, such as `22:00-06:00 Europe/Paris`; absent = at any time. */
  readonly window?: string;
}

/** The `fleet:` section, ours alone. */
export interface FleetConfig {
  /** Where jobs and batches are kept. Credentials included: never print it but through `redisAddress`. */
  readonly redis: RedisTarget;
  /** Jobs at a time in one worker. */
  readonly concurrency: number;
  /** Scheme of the links shown for instances. */
  readonly linkScheme: 'https' | 'http';
  /** Shards of each new database of an instance; absent = the server's own setting. */
  readonly q?: number;
  /** Replicas of each new database; absent = the server's own setting. */
  readonly n?: number;
  /** HTTP connections per CouchDB cluster and process. */
  readonly connections: number;
  /** How long a worker that is told to stop may take to hand back its jobs. */
  readonly graceSeconds: number;
  /** Number of the indexes that stacks of this platform write; absent = what the platform shows. */
  readonly indexesVersion?: IndexesVersion;
  /** Where batches send a notice of their end; absent = nowhere. Credentials included: never print it. */
  readonly notify?: string;
  /** Items that are held ready for new instances (`instances/pool`). */
  readonly pool: PoolConfig;
  /** Per cent of all instances above which destroying or blocking wants the number said. */
  readonly guardPercent: number;
  /** What the fleet's Redis keys begin with. */
  readonly prefix: string;
  /** Private servers that applications may come from, besides the registries: `host`, or `host:port`. */
  readonly appHosts: readonly string[];
  /** Absolute path of the directory with the first files of new instances; absent = they get none. */
  readonly skeleton?: string;
  /** Media types by extension, in lower case and without the dot, that go before those that are known here. */
  readonly skeletonTypes: Readonly<Record<string, string>>;
  /** Where a worker keeps the applications that it has fetched, unpacked and compressed. */
  readonly appCache: {
    /** Absolute; may be shared by the workers of one machine. */
    readonly directory: string;
    readonly bytes: number;
  };
}

/** Indexes of the clusters where new instances may be put; empty when the operator closed them all. */
export function clustersOpenToCreation({ couchdb }: Pick<Config, 'couchdb'>): number[] {
  return couchdb.clusters.flatMap((cluster, index) => (cluster.creation ? [index] : []));
}
