import { Flags } from '@oclif/core';

/** Time between the two looks for orphans (design §3). */
export const orphansWaitFlag = Flags.string({
  summary: 'Time between the two looks for them',
  default: '10m',
  helpValue: '<duration>',
});
