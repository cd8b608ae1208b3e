import * as z from 'zod';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('fsck'),
  /** Whether the index of its files is checked. */
  index: z.boolean(),
  /** Whether its files are compared with the storage. */
  files: z.boolean(),
});

export type FsckPayload = z.infer<typeof payload>;

/** Checks an instance and changes nothing; what is found makes the job fail, so that it is listed where failures are. */
export const fsck = defineKind({
  name: 'fsck',
  hasLinks: false,
  payload,
  stages: ['check'],
  /** Nothing was found, or the instance is not there, or not meant, any more. */
  outcomes: { done: 'healthy', skipped: 'not-checked' },
  words: {
    done: 'healthy',
    skipped: 'gone or changed since',
    doing: 'checking',
    noun: 'check',
    endings: {
      done: (domain) => `Nothing is wrong with ${domain}`,
      skipped: (domain) => `${domain} is gone, or was changed since`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, index, files }) =>
    JSON.stringify([kind, domain, seen, filter, index, files]),
});
