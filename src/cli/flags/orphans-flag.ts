import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import { parseDuration } from './duration.ts';

/** Time between the two looks for orphans (`ARCHITECTURE.md` §3.7). */
export const orphansWaitFlag = Flags.string({
  summary: 'Time between the two looks for them',
  default: '10m',
  helpValue: '<duration>',
});

/** A stack makes the databases of an instance before its document; a slow one takes many seconds. */
const LEAST_MS = 60_000;

/**
 * What `--orphans-wait` says to a removal.
 * @returns milliseconds
 * @throws InputError `bad_duration` for less than a minute: what is just being made would be removed
 */
export function removalWait(text: string): number {
  const wait = parseDuration(text, '--orphans-wait');
  if (wait >= LEAST_MS) return wait;
  throw new InputError(
    'bad_duration',
    `${text} is too short between two looks before anything is removed`,
    { column: '--orphans-wait' },
    'Give 1m or more.',
  );
}
