import type { ContentMismatch } from './findings.ts';
import type { IndexedContent } from './index-entry.ts';

/** A file of the storage, as it was read. */
export interface ReadContent {
  readonly size: number;
  /** Base64. */
  readonly md5sum: string;
}

/** How content differs from its document; undefined when it does not. */
export function contentMismatch(indexed: IndexedContent, read: ReadContent): ContentMismatch | undefined {
  if (indexed.size === read.size && indexed.md5sum === read.md5sum) return undefined;
  return {
    size_file: read.size,
    size_index: indexed.size ?? null,
    md5sum_file: read.md5sum,
    md5sum_index: indexed.md5sum ?? null,
  };
}
