import type { InstanceDocument } from './instance-document.ts';

/** Where files are that are not in a `file://` storage. */
export interface OtherStorage {
  /** Of the refusal to do anything to them. */
  readonly code: 'swift' | 'other_storage';
  /** For a sentence: "its files are in …". */
  readonly name: string;
}

/**
 * The storage of an instance whose files are not on disk, where we could not look: Swift, or what its
 * `fs_scheme` says (S3, in stacks to come); undefined for files on disk. A scheme that is not known here is
 * another storage too: what cannot be seen must not be taken for missing.
 */
export function otherStorage(document: InstanceDocument): OtherStorage | undefined {
  // Documents come from any program, so that it may have any type.
  const scheme: unknown = document.fs_scheme;
  if (document.swift_cluster) return { code: 'swift', name: 'Swift' };
  if (scheme === undefined || scheme === null || scheme === '' || scheme === 'file') return undefined;
  return { code: 'other_storage', name: `another storage (fs_scheme ${JSON.stringify(scheme)})` };
}
