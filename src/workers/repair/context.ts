import type { IndexesVersion } from '../../config/config.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import type { DesignSource } from '../../instances/databases/design-source.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import type { Scheme } from '../../instances/domains/registration-link.ts';
import type { RepairOptions } from '../../instances/fsck/is-repairable.ts';
import type { PrefixIndex } from '../../instances/lookup/prefix-index.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Lease } from '../stage/lease.ts';
import type { Clusters } from '../stage/services.ts';

/** What a repair works with; its caller holds the names of the instance. */
export interface RepairContext extends Clusters {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  readonly storage: Storage;
  readonly designs: DesignSource;
  /** Of the addresses written into documents; `https` when absent. */
  readonly linkScheme?: Scheme;
  /** Tells which other documents could mean what the instance has. */
  readonly prefixIndex: PrefixIndex;
  /** Number that stacks of the platform write; the newest one when absent. */
  readonly indexesVersion?: IndexesVersion;
  readonly instance: StoredInstance;
  readonly options: RepairOptions;
  readonly signal: AbortSignal;
  /** Told before something is written, once for each time that findings are worked on. @throws LostLock */
  willWrite(): Promise<void>;
  /** Does something while no stack writes to the files of the instance; others wait for it, so it is to be short. */
  locked(work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Asked right before each write. */
  readonly lease: Lease;
}
