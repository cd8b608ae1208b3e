import { describeUnreadable, type OnUnreadable } from '../../instances/lookup/classify-document.ts';
import type { FileReport, RowReport } from '../../operations/input/check-file.ts';
import type { SelectionReport } from '../../operations/targets/selection.ts';
import { count } from '../../quantity-text.ts';
import { oneLine } from '../../safe-text.ts';
import type { Output } from './output.ts';

type Notes = Pick<Output, 'note'>;

/** Tells what is wrong with the rows of a file, or odd about them. */
export function filePrinter({ note }: Notes): (report: FileReport) => void {
  return (report) =>
    note(report.event === 'more' ? `… and ${count(report.rows)} more ${report.what}` : rowText(report));
}

/** One line a problem: `file:line: column: message`. */
export function rowText({ event, file, line, column, message }: RowReport): string {
  const said = event === 'warning' ? `warning: ${message}` : message;
  return [`${file}:${line}`, ...(column === undefined ? [] : [column]), said].join(': ');
}

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
