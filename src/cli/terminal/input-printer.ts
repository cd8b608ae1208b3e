import type { FileReport, RowReport } from '../../operations/input/check-file.ts';
import { count } from '../../quantity-text.ts';
import type { Output } from './output.ts';

export type Notes = Pick<Output, 'note'>;

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
