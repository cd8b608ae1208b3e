/** How often a document was written up to that revision; NaN where it is none, which is neither more nor less. */
export function generationOf(revision: string): number {
  return Number.parseInt(revision, 10);
}
