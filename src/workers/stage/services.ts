import type { AppStore } from '../../apps/app-store.ts';
import type { Cloudery, CommonSettings, RagServer, Registries } from '../../config/config.ts';
import type { HasOneNode } from '../../couchdb/has-one-node.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { DesignSource } from '../../instances/databases/design-source.ts';
import type { Subdomains } from '../../instances/domains/domain.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import type { HasOneCopy } from '../../instances/lookup/has-one-copy.ts';
import type { PrefixIndex } from '../../instances/lookup/prefix-index.ts';
import type { PlatformWatch } from '../../instances/platform/platform-indexes.ts';
import type { EncryptorKey } from '../../instances/vault/organization-key.ts';
import type { Log } from '../../logger.ts';
import type { SkeletonStore } from '../../skeleton/skeleton-store.ts';
import type { StackConnection } from '../../stack/connect.ts';
import type { StackAdmin } from '../../stack/export/stack-admin.ts';
import type { SilentServices } from '../../stack/silent-services.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Pool } from '../pool/pool.ts';

/** Knows where databases of instances are. */
export interface Clusters {
  /**
   * The cluster an instance's databases are on; `undefined` is cluster 0 (`docs/cozy-data.md` §1.1).
   * @throws Refusal `wrong_cluster` for one that is not configured
   */
  cluster(index: number | undefined): CouchServer;
}

/** What stages work with; made once a worker. */
export interface Services extends Clusters {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  /** All clusters, by their index. */
  readonly clusters: readonly CouchServer[];
  /** Indexes of the clusters on which new instances may be made now. */
  openClusters(): readonly number[];
  readonly storage: Storage;
  readonly prefixIndex: PrefixIndex;
  /** Whether the index of prefixes says as much of a document as the document itself. */
  readonly hasOneCopy: HasOneCopy;
  /** Whether a server's list of databases lacks none that is there. */
  readonly hasOneNode: HasOneNode;
  readonly designs: DesignSource;
  /** Databases that are made beforehand; undefined where `fleet.pool` has no size. */
  readonly pool: Pool | undefined;
  /** Tells which number stacks of the platform write. */
  readonly platform: PlatformWatch;
  readonly linkScheme: Scheme;
  readonly subdomains: Subdomains;
  /** The first files of new instances, as they are on this machine. */
  readonly skeletons: SkeletonStore;
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly forcedOidcContexts: readonly string[];
  readonly encryptorKey: EncryptorKey;
  /** External settings services by context. */
  readonly commonSettings: Readonly<Record<string, CommonSettings>>;
  /** Clouderies by context. */
  readonly clouderies: Readonly<Record<string, Cloudery>>;
  /** Those of them that are left alone for a while; absent where each change may wait. */
  readonly silentServices?: SilentServices;
  /** The Redis of a running stack, where one is configured. */
  readonly stack: StackConnection;
  /** The admin port of a running stack, where it is configured. */
  readonly stackAdmin: StackAdmin | undefined;
  /** RAG servers by context. */
  readonly rag: Readonly<Record<string, RagServer>>;
  /** Applications as they are installed, each fetched once. */
  readonly apps: AppStore;
  readonly registries: Registries;
  readonly log: Log;
}
