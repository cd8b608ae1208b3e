/** Numbers that are the same again for the same seed. */
export interface Random {
  /** A whole number from 0 up to, and without, the limit. */
  below(limit: number): number;
  /** Whether it happens, of that many times in a hundred. */
  happens(percent: number): boolean;
  pick<Each>(list: readonly [Each, ...Each[]]): Each;
}

/**
 * The generator "mulberry32": good enough to choose from lists, and small.
 * @param seed whole number
 * @param stream makes another row of numbers of the same seed
 */
export function seeded(seed: number, stream = 0): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    happens: (percent) => next() * 100 < percent,
    pick: (list) => list[below(list.length)] ?? list[0],
  };
}
