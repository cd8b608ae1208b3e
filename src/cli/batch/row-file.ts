import type { Readable } from 'node:stream';
import { INSTANCE_FLAGS } from '../../instances/options/raw-row.ts';
import { checkedRows, type GoodRow, type InvalidRow, type RowCheck } from '../rows/check-rows.ts';
import { readRows } from '../rows/read-rows.ts';
import { rowFormat } from '../rows/row-format.ts';
import { spoolInput } from '../rows/spool.ts';

/** An operator's file, which can be read as often as needed. */
export interface RowFile<Parsed> {
  /** As it is shown to the operator. */
  readonly name: string;
  /** Its rows, checked, in the order of the file. @throws InputError when it cannot be read on */
  rows(): AsyncGenerator<GoodRow<Parsed> | InvalidRow>;
  close(): Promise<void>;
}

/**
 * @param source path, or `-` for `stdin`
 * @param columns those that may occur; `domain` among them
 * @throws InputError when there is nothing to read
 */
export async function openRowFile<Parsed extends object>(
  source: string,
  stdin: Readable,
  check: RowCheck<Parsed>,
  columns: readonly string[] = INSTANCE_FLAGS,
): Promise<RowFile<Parsed>> {
  const input = await spoolInput(source, stdin);
  try {
    const format = await rowFormat(input.name, () => input.open());
    return {
      name: input.name,
      rows: () => checkedRows(readRows(input.open(), format, { file: input.name, columns }), check),
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}
