/** Undoes what a suite did, last first, all of it even when a part fails. */
export class Cleanup {
  readonly #steps: (() => Promise<void> | void)[] = [];

  /** Remembers how to undo something, and hands it on. */
  add<T>(thing: T, undo: (thing: T) => Promise<void> | void): T {
    this.#steps.push(() => undo(thing));
    return thing;
  }

  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    throw new AggregateError(errors, `not everything could be undone: ${errors.map(String).join('; ')}`);
  }
}
