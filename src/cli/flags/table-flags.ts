import { Flags } from '@oclif/core';
import { columnName } from '../terminal/arrangement.ts';

const helpGroup = 'TABLE';

/** Which columns of a list are shown; programs get all with `--json`. @param head of all columns */
export function columnsFlag(head: readonly string[]) {
  return {
    columns: Flags.string({
      summary: `Only these columns (commas or repetition): ${head.map(columnName).join(', ')}`,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      helpGroup,
    }),
  };
}

/** The same and an order, for lists that are in memory as a whole: what is read page by page cannot be sorted. */
export function tableFlags(head: readonly string[]) {
  return {
    ...columnsFlag(head),
    sort: Flags.string({
      summary: 'Sort what is listed by this column; --sort=-column for descending',
      helpGroup,
    }),
  };
}
