import { inOrder } from '../../in-order.ts';
import { Refusal } from '../../instances/errors.ts';
import type { FileChecks } from '../../instances/fsck/check-files.ts';
import {
  type CheckContext,
  checkInstance,
  type FoundInInstance,
} from '../../instances/fsck/check-instance.ts';
import { type Finding, unreadableDocument } from '../../instances/fsck/findings.ts';
import type { ReadResult } from '../../instances/lookup/classify-document.ts';
import { UnsafePath } from '../../storage/errors.ts';

/** Instances that are checked at a time: each holds its index of files, and reads from the disk. */
const AT_A_TIME = 4;

export type Checking = Omit<CheckContext, 'instance' | 'signal'>;

/** A finding, and the domain of the instance that it is about. */
export interface InstanceReport {
  readonly finding: Finding;
  /** Undefined where the document does not say it. */
  readonly domain: string | undefined;
}

/** What is wrong with instances, document by document in their order. */
export function checkInstances(
  documents: AsyncIterable<ReadResult>,
  checking: Checking,
  checks: FileChecks,
): AsyncGenerator<InstanceReport, void, undefined> {
  return inOrder(documents, AT_A_TIME, async function* (result, signal) {
    if (!result.readable) {
      const { unreadable } = result;
      const domain = unreadable.domain === '' ? undefined : unreadable.domain;
      yield { finding: unreadableDocument(unreadable), domain };
      return;
    }
    const { instance } = result;
    for await (const finding of findingsOf({ ...checking, instance, signal }, checks)) {
      yield { finding, domain: instance.domain };
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
