import type { Readable } from 'node:stream';
import { INSTANCE_FLAGS } from '../../instances/raw-row.ts';
import { NO_APPS } from '../refusals.ts';
import { type CheckRowsOptions, checkedRows, type InvalidRow, type ValidRow } from '../rows/check-rows.ts';
import { readRows } from '../rows/read-rows.ts';
import { rowFormat } from '../rows/row-format.ts';
import { spoolInput } from '../rows/spool.ts';

/** An operator's file of instances, which can be read as often as needed. */
export interface InstanceFile {
  /** As it is shown to the operator. */
  readonly name: string;
  /** Its rows, checked, in the order of the file. @throws InputError when it cannot be read on */
  rows(): AsyncGenerator<ValidRow | InvalidRow>;
  close(): Promise<void>;
}

/** @param source path, or `-` for `stdin`. @throws InputError when there is nothing to read */
export async function openInstanceFile(
  source: string,
  stdin: Readable,
  options: CheckRowsOptions,
): Promise<InstanceFile> {
  const input = await spoolInput(source, stdin);
  try {
    const format = await rowFormat(input.name, () => input.open());
    return {
      name: input.name,
      rows: () => {
        const rows = readRows(input.open(), format, { file: input.name, columns: INSTANCE_FLAGS });
        return withoutApps(checkedRows(rows, options));
      },
      close: () => input.close(),
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

async function* withoutApps(
  rows: AsyncIterable<ValidRow | InvalidRow>,
): AsyncGenerator<ValidRow | InvalidRow> {
  for await (const row of rows) {
    if (row.kind === 'invalid' || row.options.apps.length === 0) yield row;
    else yield { kind: 'invalid', line: row.line, problems: [{ column: 'apps', message: NO_APPS }] };
  }
}
