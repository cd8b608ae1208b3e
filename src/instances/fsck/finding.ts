import type { FileFinding } from './findings.ts';
import type { InstanceFinding } from './instance-findings.ts';
import type { OrphanFinding } from './orphan-findings.ts';

/** One thing that is wrong, with an instance or beside all of them. */
export type Finding = FileFinding | InstanceFinding | OrphanFinding;

/**
 * A finding as one line of JSON, without its line feed: the stack's members, then ours.
 * @param domain of the instance it is about; orphans have none
 */
export function findingLine(finding: Finding, domain?: string): string {
  return JSON.stringify(domain === undefined ? finding : { ...finding, domain });
}
