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

/**
 * Whether anything is wrong. An instance that was renamed by hand, as in a domain migration, is only good to
 * know of; so is one that a newer stack made, whose indexes that stack looks after (`docs/cozy-data.md` §1.6).
 */
export function isSerious(finding: Finding): boolean {
  return finding.type !== 'renamed_instance' && !isOfNewerStack(finding);
}

/** Whether an instance has the indexes of a newer stack, which we do not know. */
function isOfNewerStack(finding: Finding): boolean {
  return (
    finding.type === 'wrong_indexes_version' && finding.found !== null && finding.found > finding.expected
  );
}

/** Whether an instance has the indexes of an older stack, or nobody knows which. */
export function isOfOlderStack(finding: Finding): boolean {
  return finding.type === 'wrong_indexes_version' && !isOfNewerStack(finding);
}
