import type { Readable } from 'node:stream';
import type { ParsedOptions } from '../../instances/options/parse-options.ts';
import { type CheckRowsOptions, creationCheck } from '../rows/check-rows.ts';
import { openRowFile, type RowFile } from './row-file.ts';

/** An operator's file of instances to be made. */
export type InstanceFile = RowFile<ParsedOptions>;

/** @param source path, or `-` for `stdin`. @throws InputError when there is nothing to read */
export async function openInstanceFile(
  source: string,
  stdin: Readable,
  options: CheckRowsOptions,
): Promise<InstanceFile> {
  return await openRowFile(source, stdin, creationCheck(options));
}
