import type { FieldChange } from '../../instances/change/compare-fields.ts';
import type { JobSpec } from '../../jobs/kinds/payload.ts';
import { type SlugCount, SlugCounter } from '../apps/slug-counter.ts';

/** What counting needs of a row of a plan. */
interface JudgedWork {
  readonly request: { readonly work: JobSpec };
  readonly verdict: { readonly fields?: readonly FieldChange[] | undefined };
}

/** Counts the applications that a plan takes away, with the instances that each is taken from. */
export class GoingAppsCounter {
  readonly #counter = new SlugCounter();

  /** @param row of any kind of work; one that uninstalls nothing does not count */
  add({ request: { work }, verdict: { fields = [] } }: JudgedWork): void {
    if (work.kind !== 'uninstall-apps') return;
    const gone = new Set(fields.flatMap(({ field, new: next }) => (next === null ? [field] : [])));
    this.#counter.add(work.apps.filter((slug) => gone.has(`${slug}.version`) || gone.has(`${slug}.code`)));
  }

  counts(): readonly SlugCount[] {
    return this.#counter.counts();
  }
}
