import { Flags } from '@oclif/core';
import { notifyFlag } from './notify-flag.ts';
import { reasonFlag } from './reason-flag.ts';
import { steeringFlags } from './steering-flags.ts';

const helpGroup = 'QUEUE';

/** How long a command that starts work stays. */
export const waitFlags = {
  async: Flags.boolean({ summary: 'Do not wait for the end', exclusive: ['wait'], helpGroup }),
  wait: Flags.string({
    summary: 'Longest time to wait, such as 30s or 5m [default: until the end]',
    helpValue: '<duration>',
    helpGroup,
  }),
};

/** What applies to a file of instances only. */
export const batchFlags = {
  from: Flags.string({
    summary: 'File with an instance a line, CSV or NDJSON; - for stdin',
    helpValue: '<file>',
    helpGroup: 'FILE',
  }),
  'skip-invalid': Flags.boolean({
    summary: 'Go on without the rows that are not good',
    dependsOn: ['from'],
    helpGroup: 'FILE',
  }),
  reason: reasonFlag,
  'batch-name': Flags.string({
    summary: 'Name of the batch [default: name of the file]',
    dependsOn: ['from'],
    helpGroup: 'FILE',
  }),
  notify: { ...notifyFlag, dependsOn: ['from'], helpGroup: 'FILE' },
  ...steeringFlags({ dependsOn: ['from'], helpGroup: 'FILE' }),
};

/** @param otherwise tries when the flag is not given */
export function triesFlag(otherwise: number) {
  return Flags.integer({
    summary: 'Tries of each job before it fails for good',
    min: 1,
    max: 1000,
    default: otherwise,
    helpGroup,
  });
}
