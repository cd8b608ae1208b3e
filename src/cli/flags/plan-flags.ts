import { Flags } from '@oclif/core';

const helpGroup = 'PLAN';

/** To look ahead instead of doing something. */
export const planFlags = {
  'dry-run': Flags.boolean({
    summary: 'Say what would become of each instance; change and queue nothing',
    description: 'The exit code is 0 where there is nothing to do, and 10 where there is.',
    helpGroup,
  }),
};

/** For a look ahead that is run later, just as it was seen. */
export const planFileFlag = {
  'plan-file': Flags.string({
    summary: 'Write what a dry run sees to a new file, for batches submit',
    dependsOn: ['dry-run'],
    helpValue: '<file>',
    helpGroup,
  }),
};
