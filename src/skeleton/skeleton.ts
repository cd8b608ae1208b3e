import type { MediaFacts } from './media/media-facts.ts';

/** Name of the folder with what every instance gets. */
export const COMMON_FOLDER = 'common';

/** Something in a skeleton. */
export interface SkeletonDirectory {
  readonly kind: 'directory';
  /** Names from the folder of its locale on, in NFC. */
  readonly names: readonly string[];
}

export interface SkeletonFile {
  readonly kind: 'file';
  readonly names: readonly string[];
  /** Absolute path on this machine. */
  readonly source: string;
  /** Bytes. */
  readonly size: number;
  /** Of its content, in base64. */
  readonly md5: string;
  readonly mime: string;
  readonly class: string;
  /** Of files that a stack looks into. */
  readonly facts: MediaFacts | undefined;
}

export type SkeletonEntry = SkeletonDirectory | SkeletonFile;

/** What new instances get, as it was read from a directory: all of it may be taken by a stack. */
export interface Skeleton {
  /** Absolute path. */
  readonly directory: string;
  /**
   * SHA-256 of names and contents in hexadecimal. Types are no part of it: those that this machine knows are what is written,
   * and orders that wait are good still after another version or `fleet.skeleton_types` knows other ones.
   */
  readonly digest: string;
  /** What is in `common`, and in the folder of each locale: each directory before what is in it. */
  readonly folders: ReadonlyMap<string, readonly SkeletonEntry[]>;
  /** Hidden files and what systems leave behind, which no instance gets; paths as they are on disk. */
  readonly leftOut: readonly string[];
}
