import { Flags } from '@oclif/core';
import { batchFlags } from './creation-flags.ts';

const helpGroup = 'BATCH';

/** What applies to a batch, be it of a file or of a filter. */
export const workFlags = {
  'skip-invalid': batchFlags['skip-invalid'],
  reason: Flags.string({ summary: 'Why, for the record', helpGroup }),
  'batch-name': Flags.string({ summary: 'Name of the batch [default: file or filter]', helpGroup }),
  'max-failures': Flags.integer({
    summary: 'Stop when more instances than this have failed',
    min: 0,
    helpGroup,
  }),
};

/** A file with a domain a line. */
export const domainFileFlag = {
  ...batchFlags.from,
  summary: 'File with a domain a line, CSV or NDJSON; - for stdin',
};
