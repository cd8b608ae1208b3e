export interface Evictable {
  readonly key: string;
  /** Milliseconds since 1970, last use. */
  readonly used: number;
  readonly bytes: number;
}

/** Milliseconds: somebody may still be copying what was used so recently. */
const IN_USE = 10 * 60_000;

/** Keys to be removed so that the rest fits, the longest unused first; what may be in use is never among them. */
export function chooseEvicted(entries: readonly Evictable[], limit: number, now: number): string[] {
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const evicted: string[] = [];
  for (const entry of [...entries].sort((one, other) => one.used - other.used)) {
    if (bytes <= limit || entry.used > now - IN_USE) break;
    bytes -= entry.bytes;
    evicted.push(entry.key);
  }
  return evicted;
}
