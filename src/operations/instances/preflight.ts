import type { Config } from '../../config/config.ts';
import { count, counted, readableSize } from '../../quantity-text.ts';
import { fileStorage } from '../../storage/file-storage.ts';
import type { Room } from '../../storage/storage.ts';

/** What so many instances will take on the disks of CouchDB. */
export interface Cost {
  readonly bytes: number;
  readonly shardFiles: number;
  readonly indexFiles: number;
}

/** Of one instance and one shard of its databases, measured on CouchDB 3.5 (`docs/performance.md` §5). */
const PER_SHARD = { bytes: 800_000, shardFiles: 16, indexFiles: 35 };

/** Shards of a database where the configuration leaves it to the server. */
const DEFAULT_Q = 2;

export function costOf(instances: number, q: number = DEFAULT_Q): Cost {
  return {
    bytes: instances * q * PER_SHARD.bytes,
    shardFiles: instances * q * PER_SHARD.shardFiles,
    indexFiles: instances * q * PER_SHARD.indexFiles,
  };
}

/** Free room where the files of instances are; undefined when they are not on this machine. */
async function freeRoom({ storage }: Config): Promise<Room | undefined> {
  try {
    return await fileStorage(storage.root).free();
  } catch {
    return undefined;
  }
}

export function fits({ bytes, shardFiles, indexFiles }: Cost, room: Pick<Room, 'bytes' | 'files'>): boolean {
  return bytes <= room.bytes && (room.files === 0 || shardFiles + indexFiles <= room.files);
}

/** What a submission will cost and whether there is room, as an operator reads it. */
export interface Preflight {
  readonly lines: readonly string[];
  /** Set when it does not fit. */
  readonly warning: string | undefined;
}

/** Estimates what so many instances need, against what is free on this machine (`ARCHITECTURE.md` §5). */
export async function preflight(config: Config, instances: number): Promise<Preflight> {
  const q = config.fleet.q ?? DEFAULT_Q;
  const cost = costOf(instances, q);
  const room = await freeRoom(config);
  const { root } = config.storage;
  const needs = `needs about ${readableSize(cost.bytes)} and ${count(cost.shardFiles)} shard and ${count(cost.indexFiles)} index files of CouchDB (q=${q})`;
  if (room === undefined) {
    return { lines: [needs, `free: unknown, ${root} is not on this machine`], warning: undefined };
  }
  const files = room.files === 0 ? '' : `, ${counted(room.files, 'file')}`;
  const warning = fits(cost, room)
    ? undefined
    : `Warning: ${instances} instances may not fit on the disk of ${root}, if CouchDB is on it too.`;
  return { lines: [needs, `free on the disk of ${root}: ${readableSize(room.bytes)}${files}`], warning };
}
