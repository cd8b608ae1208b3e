/** An application, and on how many instances it is meant. */
export interface SlugCount {
  readonly slug: string;
  readonly instances: number;
}

/** Counts on how many instances each application is meant; holds one number for each. */
export class SlugCounter {
  readonly #counts = new Map<string, number>();

  /** @param slugs of one instance, each once */
  add(slugs: Iterable<string>): void {
    for (const slug of slugs) this.#counts.set(slug, (this.#counts.get(slug) ?? 0) + 1);
  }

  /** In the order in which they came. */
  counts(): readonly SlugCount[] {
    return [...this.#counts].map(([slug, instances]) => ({ slug, instances }));
  }
}
