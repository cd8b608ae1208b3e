import type { Targets } from './selection.ts';
import type { Target } from './target.ts';

/** The first label of a domain, by which an organization's own instance is known. */
export function firstLabel(domain: string): string {
  return domain.split('.', 1)[0] ?? '';
}

/**
 * The same targets with the own instances of organizations before all others, else in their order: a stack copies the
 * directory of an organization to its members from the instance whose first label is the `org_id`.
 * @param orgIds what instances are to have; read when the first page is asked for
 */
export function organizationsFirst<Each extends Target>(
  targets: Targets<Each>,
  orgIds: ReadonlySet<string>,
): Targets<Each> {
  return {
    ...targets,
    async *pages() {
      if (orgIds.size === 0) {
        yield* targets.pages();
        return;
      }
      const labels = new Set([...orgIds].map((each) => each.toLowerCase()));
      for (const wantsOwn of [true, false]) {
        for await (const page of targets.pages()) {
          const wanted = page.filter(({ domain }) => labels.has(firstLabel(domain)) === wantsOwn);
          if (wanted.length > 0) yield wanted;
        }
      }
    },
  };
}
