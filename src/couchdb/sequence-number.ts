/** How many changes a sequence of `_changes` stands for, which is all that can be told of one; 0 where that cannot. */
export function sequenceNumber(sequence: string): number {
  return Number.parseInt(sequence, 10) || 0;
}
