import { Flags } from '@oclif/core';

/** Where the first files of new instances are. */
export const skeletonFlag = {
  skeleton: Flags.string({
    summary:
      'Directory with their first files, in common/ and a folder for each locale; the same on each machine with workers [default: fleet.skeleton]',
    helpValue: '<directory>',
    helpGroup: 'INSTANCE',
  }),
};
