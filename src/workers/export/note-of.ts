import type { ArchiveNote } from '../../jobs/queue/progress.ts';
import type { Archive } from '../../stack/export/archive-record.ts';

/** What a job records of an archive. */
export function noteOf({ directory, record }: Archive): ArchiveNote {
  const { parts, bytes, files, versions, documents } = record;
  return { directory, parts: parts.length, bytes, files, versions, documents };
}
