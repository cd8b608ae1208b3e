import { describeUnreadable, type OnUnreadable } from '../../instances/lookup/classify-document.ts';
import type { SelectionReport } from '../../operations/targets/selection.ts';
import { oneLine } from '../../safe-text.ts';
import type { Unmeasured } from '../../usage/measured-filter.ts';
import { filePrinter, type Notes } from '../terminal/input-printer.ts';

/** Names each document that cannot be read once, beside what was asked for. */
export function unreadablePrinter({ note }: Notes): OnUnreadable {
  const told = new Set<string>();
  return (unreadable) => {
    if (told.has(unreadable._id)) return;
    told.add(unreadable._id);
    note(oneLine(`Passed over: the ${describeUnreadable(unreadable)}.`));
  };
}

/** Tells what comes up while instances are selected. */
export function selectionPrinter(output: Notes): (report: SelectionReport) => void {
  const printFile = filePrinter(output);
  const printUnreadable = unreadablePrinter(output);
  return (report) => {
    if (report.event === 'unreadable') printUnreadable(report.unreadable);
    else if (report.event === 'unmeasured') output.note(unmeasuredText(report.unmeasured));
    else printFile(report);
  };
}

/** An instance that is passed over because it cannot be measured, in a sentence. */
export function unmeasuredText({ domain, problem }: Unmeasured): string {
  return oneLine(`Passed over: ${domain} cannot be measured: ${problem}.`);
}
