/** What one line of the operator's file says, before its values are understood. */
export interface Row {
  readonly kind: 'row';
  /** Where the row starts in its file, from 1. */
  readonly line: number;
  /** Text by column name; a column that the file leaves out is absent. */
  readonly values: Readonly<Record<string, string>>;
}

/** Why one line is no row. The others can still be read. */
export interface RowProblem {
  readonly kind: 'problem';
  /** Counted from 1. */
  readonly line: number;
  /** The column at fault, where there is just one. */
  readonly column?: string;
  /** One sentence; never quotes a value, which may be a passphrase. */
  readonly message: string;
}
