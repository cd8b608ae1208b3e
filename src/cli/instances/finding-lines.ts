import type { FileChecks } from '../../instances/fsck/check-files.ts';
import { type CheckContext, checkInstance } from '../../instances/fsck/check-instance.ts';
import { findingLine } from '../../instances/fsck/finding.ts';
import type { OrphanFinding } from '../../instances/fsck/orphan-findings.ts';
import type { StoredInstance } from '../../instances/lookup.ts';
import { safeJson } from '../terminal-text.ts';
import { inOrder } from './in-order.ts';

/** Instances that are checked at a time: each holds its index of files, and reads from the disk. */
const AT_A_TIME = 4;

export type Checking = Omit<CheckContext, 'instance' | 'signal'>;

/** A line for each finding, with its line break, instance by instance in their order. */
export function checkLines(
  instances: AsyncIterable<StoredInstance>,
  checking: Checking,
  checks: FileChecks,
): AsyncGenerator<string, void, undefined> {
  return inOrder(instances, AT_A_TIME, async function* (instance, signal) {
    for await (const finding of checkInstance({ ...checking, instance, signal }, checks)) {
      yield `${safeJson(findingLine(finding, instance.domain))}\n`;
    }
  });
}

/** A line for each orphan, with its line break. */
export async function* orphanLines(
  orphans: AsyncIterable<OrphanFinding>,
): AsyncGenerator<string, void, undefined> {
  for await (const orphan of orphans) yield `${safeJson(findingLine(orphan))}\n`;
}
