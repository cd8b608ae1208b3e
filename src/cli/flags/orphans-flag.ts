import { Flags } from '@oclif/core';
import { refuseShortWait } from '../../operations/instances/remove-orphans.ts';
import { parseDuration } from './duration.ts';

/** Time between the two looks for orphans (`ARCHITECTURE.md` §3.7). */
export const orphansWaitFlag = Flags.string({
  summary: 'Time between the two looks for them',
  default: '10m',
  helpValue: '<duration>',
});

/**
 * What `--orphans-wait` says to a removal.
 * @returns milliseconds
 * @throws InputError `bad_duration` for what is no duration, or too short
 */
export function removalWaitMs(text: string): number {
  const waitMs = parseDuration(text, '--orphans-wait');
  refuseShortWait(waitMs, text);
  return waitMs;
}
