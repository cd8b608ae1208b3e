/** What CouchDB's clock said, and what ours did meanwhile; in milliseconds since 1970. */
export interface CouchTime {
  /** Undefined where an answer came without a time. */
  readonly said: number | undefined;
  readonly asked: number;
  readonly answered: number;
}

/** The time to go by, or why none is known well enough to destroy something by it. */
export type SoundTime = { readonly now: number } | { readonly problem: string };

/** Milliseconds by which clocks may differ. HTTP says whole seconds, and answers take their time. */
const MOST_APART_MS = 300_000;

/**
 * The earlier of two clocks: one that is fast must not have anything done before its time. Where they are minutes apart
 * nobody knows which of them is wrong.
 */
export function soundTime({ said, asked, answered }: CouchTime): SoundTime {
  if (said === undefined) return { problem: 'CouchDB, or what stands before it, does not say the time' };
  const apart = Math.max(asked - said, said - answered, 0);
  if (apart <= MOST_APART_MS) return { now: Math.min(said, asked) };
  const minutes = Math.round(apart / 60_000);
  const way = said > asked ? 'ahead of' : 'behind';
  return { problem: `the clock of CouchDB is ${minutes} min ${way} the one of this machine` };
}
