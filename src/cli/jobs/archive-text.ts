import type { ArchiveNote } from '../../jobs/queue/progress.ts';
import { counted, readableSize } from '../../quantity-text.ts';

/** Where an archive is, and what is in it; with those before it that have what it lacks. */
export function archiveText(archive: ArchiveNote): string {
  const { directory, parts, bytes, files, versions, documents, earlier = [] } = archive;
  const size = `${readableSize(bytes)} in ${counted(parts, 'part')}`;
  const holds = `${counted(files, 'file')}, ${counted(versions, 'version')}, ${counted(documents, 'document')}`;
  const before = earlier.length > 0 ? `; what was deleted before it is in ${earlier.join(', ')}` : '';
  return `${directory} (${size}: ${holds})${before}`;
}
