import type { CacheMisses } from '../../operations/targets/cached-instances.ts';
import { oneLine } from '../../safe-text.ts';
import type { Notes } from '../terminal/input-printer.ts';
import { unmeasuredText, unreadablePrinter } from './unreadable-printer.ts';

/** Names what is passed over, and counts what is wrong with it. */
export interface PassedOverPrinter extends CacheMisses {
  /** Instances that could not be measured although they are in use, and documents that may be those of such. */
  readonly faults: number;
}

/**
 * Names each document that cannot be read, and each instance that cannot be measured, once.
 * @param needsAll whether what is made of them is not whole where a document is lacking: figures, and a list by which others may
 * be removed
 */
export function passedOverPrinter(output: Notes, needsAll = false): PassedOverPrinter {
  const told = new Set<string>();
  const unreadable = new Set<string>();
  const printUnreadable = unreadablePrinter(output);
  let faults = 0;
  return {
    onUnreadable(document) {
      if (needsAll && !unreadable.has(document._id)) faults += 1;
      unreadable.add(document._id);
      printUnreadable(document);
    },
    onUnmeasured(unmeasured) {
      if (told.has(unmeasured.domain)) return;
      told.add(unmeasured.domain);
      if (unmeasured.isFault) faults += 1;
      output.note(unmeasuredText(unmeasured));
    },
    onUntold(domain) {
      faults += 1;
      output.note(oneLine(`Passed over: the report could not tell all of ${domain}.`));
    },
    get faults() {
      return faults;
    },
  };
}
