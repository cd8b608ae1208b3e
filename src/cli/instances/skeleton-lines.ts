import { count, counted, readableSize } from '../../quantity-text.ts';
import type { Skeleton, SkeletonEntry } from '../../skeleton/skeleton.ts';

/** More of what is left out is not listed. */
const MOST_LISTED = 5;

/** What new instances get as their first files, for people. */
export function skeletonLines({ directory, folders, leftOut }: Skeleton): string[] {
  const parts = [...folders].map(([folder, entries]) => `${folder} ${contentsOf(entries)}`);
  const others = leftOut.length - MOST_LISTED;
  return [
    `skeleton ${directory}: ${parts.length === 0 ? 'empty' : parts.join('; ')}`,
    ...leftOut.slice(0, MOST_LISTED).map((path) => `left out of the skeleton: ${path}`),
    ...(others > 0 ? [`left out of the skeleton: ${count(others)} more`] : []),
  ];
}

function contentsOf(entries: readonly SkeletonEntry[]): string {
  const files = entries.flatMap((entry) => (entry.kind === 'file' ? [entry.size] : []));
  const bytes = files.reduce((sum, size) => sum + size, 0);
  return `${counted(files.length, 'file')} (${readableSize(bytes)})`;
}
