import { Args } from '@oclif/core';

/** The argument by which an instance that exists is named. */
export const instanceArg = Args.string({
  ignoreStdin: true,
  description: 'Domain of the instance, with its port if it has one, or one of its aliases',
  required: true,
});

/** The same where a filter may be given instead. */
export const jobsArg = Args.string({
  ignoreStdin: true,
  description: 'Id of the job, or a domain for its latest job; or else a filter',
});

/** The argument by which a job is named. */
export const jobArg = Args.string({
  ignoreStdin: true,
  description: 'Id of the job, or a domain for its latest job',
  required: true,
});
