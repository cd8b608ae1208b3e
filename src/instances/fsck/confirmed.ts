/**
 * What is found by two looks in a row, in the order of the second. While an instance is in use, a write
 * between the reading of its index and the walk through its storage looks like a finding, once.
 *
 * @param stillWorthIt asked after a first look that found something; without it nothing is found
 */
export async function* confirmed<Finding>(
  look: () => AsyncIterable<Finding>,
  stillWorthIt: () => Promise<boolean>,
): AsyncGenerator<Finding, void, undefined> {
  const before = new Set<string>();
  for await (const finding of look()) before.add(JSON.stringify(finding));
  if (before.size === 0 || !(await stillWorthIt())) return;
  for await (const finding of look()) if (before.has(JSON.stringify(finding))) yield finding;
}
