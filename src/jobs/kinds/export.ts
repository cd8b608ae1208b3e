import * as z from 'zod';
import { envelope, onInstance } from './envelope.ts';
import { exportDirectory } from './export-directory.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('export'),
  /** Where its archive goes, on the machine of the worker. */
  to: exportDirectory,
});

export type ExportPayload = z.infer<typeof payload>;

/** Has a stack make an archive of an instance, downloads it and compares it with CouchDB. */
export const exportKind = defineKind({
  name: 'export',
  hasLinks: false,
  payload,
  stages: ['export'],
  /** There is a new archive, or one of the instance as it is was there. */
  outcomes: { done: 'exported', skipped: 'already-exported' },
  words: {
    done: 'exported',
    skipped: 'unchanged since its last archive',
    doing: 'exporting',
    noun: 'export',
    endings: {
      done: (domain) => `${domain} has been exported, and its archive compared`,
      skipped: (domain) => `${domain} has not changed since its last archive, which is whole`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, to }) => JSON.stringify([kind, domain, seen, filter, to]),
});
