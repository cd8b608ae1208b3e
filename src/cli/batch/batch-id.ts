import { Args } from '@oclif/core';

/** The argument by which a batch is named; ids are read aloud and typed in any case. */
export const batchArg = Args.string({
  ignoreStdin: true,
  description: 'Id of the batch',
  required: true,
  parse: async (text) => text.toUpperCase(),
});
