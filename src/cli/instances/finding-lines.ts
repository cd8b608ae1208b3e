import type { FileChecks } from '../../instances/fsck/check-files.ts';
import { type CheckContext, checkInstance } from '../../instances/fsck/check-instance.ts';
import { type Finding, findingLine, isSerious } from '../../instances/fsck/finding.ts';
import type { OrphanFinding } from '../../instances/fsck/orphan-findings.ts';
import type { StoredInstance } from '../../instances/lookup.ts';
import { inOrder } from './in-order.ts';

/** Instances that are checked at a time: each holds its index of files, and reads from the disk. */
const AT_A_TIME = 4;

export type Checking = Omit<CheckContext, 'instance' | 'signal'>;

/** A finding as it is printed. */
export interface PrintedFinding {
  /** With its line break. */
  readonly line: string;
  /** Whether anything is wrong, and not only good to know. */
  readonly isSerious: boolean;
}

/** Each finding, instance by instance in their order. */
export function checkLines(
  instances: AsyncIterable<StoredInstance>,
  checking: Checking,
  checks: FileChecks,
): AsyncGenerator<PrintedFinding, void, undefined> {
  return inOrder(instances, AT_A_TIME, async function* (instance, signal) {
    for await (const finding of checkInstance({ ...checking, instance, signal }, checks)) {
      yield printed(finding, instance.domain);
    }
  });
}

/** Each orphan. */
export async function* orphanLines(
  orphans: AsyncIterable<OrphanFinding>,
): AsyncGenerator<PrintedFinding, void, undefined> {
  for await (const orphan of orphans) yield printed(orphan);
}

function printed(finding: Finding, domain?: string): PrintedFinding {
  return { line: `${findingLine(finding, domain)}\n`, isSerious: isSerious(finding) };
}
