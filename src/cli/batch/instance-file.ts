import type { Readable } from 'node:stream';
import type { ParsedOptions } from '../../instances/parse-options.ts';
import { NO_APPS } from '../refusals.ts';
import { type CheckRowsOptions, creationCheck, type InvalidRow, type ValidRow } from '../rows/check-rows.ts';
import { openRowFile, type RowFile } from './row-file.ts';

/** An operator's file of instances to be made. */
export type InstanceFile = RowFile<ParsedOptions>;

/** @param source path, or `-` for `stdin`. @throws InputError when there is nothing to read */
export async function openInstanceFile(
  source: string,
  stdin: Readable,
  options: CheckRowsOptions,
): Promise<InstanceFile> {
  const file = await openRowFile(source, stdin, creationCheck(options));
  return { ...file, rows: () => withoutApps(file.rows()) };
}

async function* withoutApps(
  rows: AsyncIterable<ValidRow | InvalidRow>,
): AsyncGenerator<ValidRow | InvalidRow> {
  for await (const row of rows) {
    if (row.kind === 'invalid' || row.options.apps.length === 0) yield row;
    else yield { kind: 'invalid', line: row.line, problems: [{ column: 'apps', message: NO_APPS }] };
  }
}
