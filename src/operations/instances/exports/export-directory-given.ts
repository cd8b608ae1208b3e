import { InputError } from '../../../errors.ts';
import { isExportDirectory } from '../../../jobs/kinds/export-directory.ts';

/**
 * The directory for archives, as typed. That it is there, and has room, only the worker's machine knows.
 * @param flag where it was given
 * @throws InputError `bad_value` for a path that is not absolute
 */
export function exportDirectoryGiven(text: string, flag: string): string {
  if (isExportDirectory(text)) return text;
  throw new InputError(
    'bad_value',
    `${flag} must be an absolute path: the directory is on the machines of the workers`,
    { column: flag },
    'Give one that is there for all workers, such as a volume that they share.',
  );
}
