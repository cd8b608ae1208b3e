import { Args, Flags } from '@oclif/core';

/** The argument by which a batch is named; ids are read aloud and typed in any case. */
export const batchChoiceArg = Args.string({
  ignoreStdin: true,
  description: 'Id of the batch',
  parse: async (text) => text.toUpperCase(),
});

/** What may stand for the id of a batch. */
export const batchChoiceFlags = {
  'use-most-recent': Flags.boolean({ summary: 'The newest batch, in place of an id', default: false }),
};
