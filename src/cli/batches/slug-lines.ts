import type { SlugCount } from '../../operations/apps/slug-counter.ts';
import { count } from '../../quantity-text.ts';

/** Which applications would go, a line each, with the number of instances. */
export function slugLines(slugs: readonly SlugCount[]): string[] {
  return slugs.map(
    ({ slug, instances }) => `  ${slug}: ${count(instances)} ${instances === 1 ? 'instance' : 'instances'}`,
  );
}
