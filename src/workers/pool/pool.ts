import type { PoolConfig } from '../../config/config.ts';
import type { PoolStore } from '../../instances/pool/pool-store.ts';
import type { ReadyItems } from './ready-items.ts';

/** Databases that are made beforehand, where the fleet has a pool. */
export interface Pool {
  readonly store: PoolStore;
  /** What is ready, for all jobs of this process. */
  readonly ready: ReadyItems;
  /** `fleet.prefix`. */
  readonly fleet: string;
  readonly settings: PoolConfig;
  /** Digest of what an item on that cluster has to be made by, to be of use. */
  definitions(cluster: number, signal: AbortSignal): Promise<string>;
}
