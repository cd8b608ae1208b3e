import { Refusal } from '../../instances/errors.ts';
import type { FileChecks } from '../../instances/fsck/check-files.ts';
import {
  type CheckContext,
  checkInstance,
  type FoundInInstance,
} from '../../instances/fsck/check-instance.ts';
import { findingLine } from '../../instances/fsck/finding.ts';
import { unreadableDocument } from '../../instances/fsck/instance-findings.ts';
import type { OrphanFinding } from '../../instances/fsck/orphan-findings.ts';
import type { Judged, Unreadable } from '../../instances/lookup/readable.ts';
import { UnsafePath } from '../../storage/errors.ts';
import { safeJson } from '../terminal-text.ts';
import { inOrder } from './in-order.ts';

/** Instances that are checked at a time: each holds its index of files, and reads from the disk. */
const AT_A_TIME = 4;

export type Checking = Omit<CheckContext, 'instance' | 'signal'>;

/** A line for each finding, with its line break, document by document in their order. */
export function checkLines(
  documents: AsyncIterable<Judged>,
  checking: Checking,
  checks: FileChecks,
): AsyncGenerator<string, void, undefined> {
  return inOrder(documents, AT_A_TIME, async function* (judged, signal) {
    if (!judged.readable) {
      yield unreadableLine(judged.unreadable);
      return;
    }
    const { instance } = judged;
    for await (const finding of findingsOf({ ...checking, instance, signal }, checks)) {
      yield `${safeJson(findingLine(finding, instance.domain))}\n`;
    }
  });
}

/** A refusal is about this instance alone: the others are checked all the same. */
async function* findingsOf(
  context: CheckContext,
  checks: FileChecks,
): AsyncGenerator<FoundInInstance, void, undefined> {
  try {
    yield* checkInstance(context, checks);
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof UnsafePath)) throw error;
    yield { type: 'not_checked', code: error.code, problem: error.message };
  }
}

/** The line for a document that cannot be read, with its line break. */
export function unreadableLine(unreadable: Unreadable): string {
  const { domain } = unreadable;
  return `${safeJson(findingLine(unreadableDocument(unreadable), domain === '' ? undefined : domain))}\n`;
}

/** A line for each orphan, with its line break. */
export async function* orphanLines(
  orphans: AsyncIterable<OrphanFinding>,
): AsyncGenerator<string, void, undefined> {
  for await (const orphan of orphans) yield `${safeJson(findingLine(orphan))}\n`;
}
