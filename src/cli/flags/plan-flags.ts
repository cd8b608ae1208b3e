import { Flags } from '@oclif/core';

const helpGroup = 'PLAN';

/** To look ahead instead of doing something. */
export const planFlags = {
  'dry-run': Flags.boolean({
    summary: 'Say what would become of each instance; change and queue nothing',
    helpGroup,
  }),
};
