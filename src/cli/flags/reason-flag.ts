import { Flags } from '@oclif/core';
import { InputError } from '../../errors.ts';
import { MOST_OF_REASON } from '../../jobs/kinds/author.ts';

/** Why something is done, for the record. */
export const reasonFlag = Flags.string({
  summary: 'Why, for the record',
  parse: async (text) => {
    if (text.length <= MOST_OF_REASON) return text;
    throw new InputError(
      'bad_value',
      `a reason may have ${MOST_OF_REASON} characters, and this one has ${text.length}`,
      { column: '--reason' },
    );
  },
});
