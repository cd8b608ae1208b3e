import type { ArchiveNote } from '../../jobs/queue/progress.ts';
import { count, readableSize } from '../../quantity-text.ts';

/** Where an archive is, and what is in it. */
export function archiveText({ directory, parts, bytes, files, versions, documents }: ArchiveNote): string {
  const size = `${readableSize(bytes)} in ${count(parts)} ${parts === 1 ? 'part' : 'parts'}`;
  return `${directory} (${size}: ${count(files)} files, ${count(versions)} versions, ${count(documents)} documents)`;
}
