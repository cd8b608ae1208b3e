/** Something that is opened by the first who asks and then shared; after a failure the next who asks opens it anew. */
export interface Reopened<Opened> {
  /** @throws what opening it threw */
  get(): Promise<Opened>;
  /** What is open, to be closed; waits for an opening that is under way. */
  opened(): Promise<Opened | undefined>;
}

export function createReopened<Opened>(open: () => Promise<Opened>): Reopened<Opened> {
  let opening: Promise<Opened> | undefined;
  return {
    async get() {
      opening ??= open();
      const mine = opening;
      try {
        return await mine;
      } catch (error) {
        if (opening === mine) opening = undefined;
        throw error;
      }
    },
    opened: async () => await opening?.catch(() => undefined),
  };
}
