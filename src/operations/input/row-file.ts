import type { Readable } from 'node:stream';
import { INSTANCE_FLAGS } from '../../instances/options/flags.ts';
import {
  type CheckRowsOptions,
  checkedRows,
  creationCheck,
  type GoodRow,
  type InvalidRow,
  type RowCheck,
  type RowOptions,
} from './check-rows.ts';
import { readRows } from './read-rows.ts';
import { rowFormat } from './row-format.ts';
import { type InputSource, spoolInput } from './spool.ts';

/** An operator's file, which can be read as often as needed. */
export interface RowFile<Parsed> {
  /** As it is shown to the operator. */
  readonly name: string;
  /**
   * Its rows, checked, in the order of the file.
   * @param withDoubts whether to tell what is odd about good rows, which takes half of the time; true unless told otherwise
   * @throws InputError when it cannot be read on
   */
  rows(withDoubts?: boolean): AsyncGenerator<GoodRow<Parsed> | InvalidRow>;
  close(): Promise<void>;
}

/**
 * @param source path, `-` for `stdin`, or a stream
 * @param columns those that may occur; `domain` among them
 * @throws InputError when there is nothing to read
 */
export async function openRowFile<Parsed extends object>(
  source: InputSource,
  stdin: Readable,
  check: RowCheck<Parsed>,
  columns: readonly string[] = INSTANCE_FLAGS,
): Promise<RowFile<Parsed>> {
  const input = await spoolInput(source, stdin);
  try {
    const told = typeof source === 'object' ? source.format : undefined;
    const format = told ?? (await rowFormat(input.name, () => input.open()));
    return {
      name: input.name,
      rows: (withDoubts) =>
        checkedRows(readRows(input.open(), format, { file: input.name, columns }), check, withDoubts),
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** An operator's file of instances to be made. */
export type InstanceFile = RowFile<RowOptions>;

/** @param source path, `-` for `stdin`, or a stream. @throws InputError when there is nothing to read */
export async function openInstanceFile(
  source: InputSource,
  stdin: Readable,
  options: CheckRowsOptions,
): Promise<InstanceFile> {
  return await openRowFile(source, stdin, creationCheck(options));
}
