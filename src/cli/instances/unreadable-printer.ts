import { describeUnreadable, type OnUnreadable } from '../../instances/lookup/classify-document.ts';
import type { SelectionReport } from '../../operations/targets/selection.ts';
import { oneLine } from '../../safe-text.ts';
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
  return (report) => (report.event === 'unreadable' ? printUnreadable(report.unreadable) : printFile(report));
}
