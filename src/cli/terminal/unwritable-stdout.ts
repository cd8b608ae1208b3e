import { getSystemErrorMap } from 'node:util';
import { FleetError } from '../../errors.ts';

/** That what was printed is not whole, and why. @param thrown what the operating system said of a write to stdout */
export function unwritableStdout(thrown: NodeJS.ErrnoException): FleetError {
  const [, text] = getSystemErrorMap().get(thrown.errno ?? 0) ?? [];
  return new FleetError(
    'unwritable_stdout',
    `standard output cannot be written: ${text ?? thrown.message}; what was printed is not whole`,
    'What the command had begun may go on or be done: look before you run it again.',
    { cause: thrown },
  );
}
