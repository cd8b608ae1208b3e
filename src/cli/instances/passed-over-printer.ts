import type { PassingOver } from '../../operations/targets/meant-instances.ts';
import type { Notes } from '../terminal/input-printer.ts';
import { unmeasuredText, unreadablePrinter } from './unreadable-printer.ts';

/** Names what is passed over, and counts what is wrong with it. */
export interface PassedOverPrinter extends PassingOver {
  /** Instances that could not be measured although they are in use. */
  readonly faults: number;
}

/** Names each document that cannot be read, and each instance that cannot be measured, once. */
export function passedOverPrinter(output: Notes): PassedOverPrinter {
  const told = new Set<string>();
  let faults = 0;
  return {
    onUnreadable: unreadablePrinter(output),
    onUnmeasured(unmeasured) {
      if (told.has(unmeasured.domain)) return;
      told.add(unmeasured.domain);
      if (unmeasured.isFault) faults += 1;
      output.note(unmeasuredText(unmeasured));
    },
    get faults() {
      return faults;
    },
  };
}
