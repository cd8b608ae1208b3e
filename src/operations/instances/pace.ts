/**
 * Spreads work evenly over time.
 * @param rate pieces a second
 * @param now milliseconds, only ever growing
 * @returns for each piece in its turn, milliseconds until it may begin
 */
export function startPace(rate: number, now: () => number = () => performance.now()): () => number {
  const start = now();
  let pieces = 0;
  return () => {
    const due = start + (pieces * 1000) / rate;
    pieces += 1;
    return Math.max(0, Math.ceil(due - now()));
  };
}
