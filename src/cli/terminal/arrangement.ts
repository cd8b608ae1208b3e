import { InputError } from '../../errors.ts';

/** Which columns of a list are shown, and in which order its rows are. */
export interface Arrangement {
  /** Heads of the columns that are shown. */
  readonly head: readonly string[];
  /** Of the cells of a row, those that are shown. */
  cut(cells: readonly string[]): string[];
  /** The rows in the order that was asked for; equal ones stay as they were. @param cells of all columns */
  sorted<Row>(rows: readonly Row[], cells: (row: Row) => readonly string[]): Row[];
}

/** What was asked for, by the names of columns: `--columns a,b` and `--sort=-a`. */
export interface AskedArrangement {
  readonly columns?: readonly string[] | undefined;
  readonly sort?: string | undefined;
}

/** As numbers where both are some. */
const order = new Intl.Collator('en', { numeric: true });

/** How a column is called in flags: its head in small letters, with dashes for blanks. */
export function columnName(head: string): string {
  return head.toLowerCase().replaceAll(' ', '-');
}

/**
 * @param head of all columns that the list has
 * @throws InputError `bad_value` for a column that it does not have
 */
export function arrangementOf(
  head: readonly string[],
  { columns = [], sort }: AskedArrangement,
): Arrangement {
  const names = head.map(columnName);
  const find = (asked: string, flag: string): number => {
    const at = names.indexOf(columnName(asked.trim()));
    if (at !== -1) return at;
    throw new InputError(
      'bad_value',
      `there is no column "${asked.trim()}"`,
      { column: flag },
      `There are ${names.join(', ')}.`,
    );
  };
  const shown =
    columns.length === 0 ? names.map((_, at) => at) : columns.map((name) => find(name, 'columns'));
  const isDescending = sort?.startsWith('-') === true;
  const by = sort === undefined ? undefined : find(isDescending ? sort.slice(1) : sort, 'sort');
  const cut = (cells: readonly string[]): string[] => shown.map((at) => cells[at] ?? '');
  return {
    head: cut(head),
    cut,
    sorted(rows, cells) {
      if (by === undefined) return [...rows];
      const direction = isDescending ? -1 : 1;
      return rows
        .map((row) => ({ row, key: cells(row)[by] ?? '' }))
        .sort((a, b) => direction * order.compare(a.key, b.key))
        .map(({ row }) => row);
    },
  };
}
