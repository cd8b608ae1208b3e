import { oneLine } from '../../safe-text.ts';
import type { MeasuredInstance, Reading } from '../../usage/measure-instance.ts';
import { unmeasuredOutside } from '../../usage/measured-filter.ts';
import type { Outcome } from '../terminal/exit-codes.ts';
import type { Notes } from '../terminal/input-printer.ts';

/** Names what could not be told of instances, and how a command that measured them ends. */
export interface MeasuredPrinter {
  note(measured: MeasuredInstance): void;
  /** @param faults instances that were passed over before they were measured */
  outcome(faults: number): Outcome;
}

/**
 * One that is being made or removed is named, and is no fault: there is nothing to measure.
 * @param readings what is asked for: of nothing else it is told
 */
export function measuredPrinter(output: Notes, readings: ReadonlySet<Reading>): MeasuredPrinter {
  let measuredWell = 0;
  let failed = 0;
  return {
    note({ instance: { domain }, problems: all, outside }) {
      const problems = all.filter(({ reading }) => readings.has(reading));
      if (outside !== undefined && readings.size > 0) {
        output.note(oneLine(`Not measured: ${domain}: ${unmeasuredOutside(domain, outside).problem}.`));
      } else if (problems.length === 0) {
        measuredWell += 1;
      } else {
        failed += 1;
        const problem = [...new Set(problems.map((each) => each.problem))].join('; ');
        output.note(oneLine(`Not measured: ${domain}: ${problem}.`));
      }
    },
    outcome(faults) {
      if (failed + faults === 0) return 'done';
      return measuredWell === 0 && faults === 0 ? 'failed' : 'partlyFailed';
    },
  };
}
