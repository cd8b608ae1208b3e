import type { FileReport, FileReporter, RowReport } from '../input/check-file.ts';

/** What is wrong with the rows of a file, or odd about them, in the order in which it was found. */
export interface RowReports {
  /** The first thousand of them. */
  readonly problems: readonly RowReport[];
  readonly warnings: readonly RowReport[];
  /** How many there are besides. */
  readonly more: { readonly problems: number; readonly warnings: number };
}

/** Of each sort; nobody reads more. */
const MOST_KEPT = 1000;

/** Keeps what is reported of a file, for those who show it later; the lists grow as reports come. */
export function collectedReports(): { readonly reports: RowReports; readonly report: FileReporter } {
  const problems: RowReport[] = [];
  const warnings: RowReport[] = [];
  const more = { problems: 0, warnings: 0 };
  function report(told: FileReport): void {
    switch (told.event) {
      case 'problem':
        if (problems.length < MOST_KEPT) problems.push(told);
        else more.problems += 1;
        return;
      case 'warning':
        if (warnings.length < MOST_KEPT) warnings.push(told);
        else more.warnings += 1;
        return;
      case 'more':
        more[told.what] += told.rows;
        return;
      default:
        told satisfies never;
    }
  }
  return { reports: { problems, warnings, more }, report };
}
