import * as z from 'zod';
import { LONGEST_RESET_MS } from '../../instances/documents/reset-token.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('reset-links'),
  /** Milliseconds for which the link works, from when it is made. */
  validMs: z.int().positive().max(LONGEST_RESET_MS),
});

export type ResetLinksPayload = z.infer<typeof payload>;

/** Makes a link by which the owner of an instance chooses a new passphrase; the link itself is in CouchDB alone. */
export const resetLinks = defineKind({
  name: 'reset-links',
  hasLinks: true,
  payload,
  stages: ['link'],
  /** There is a link, or its owner has a registration link to use first. */
  outcomes: { done: 'linked', skipped: 'unregistered' },
  words: {
    done: 'given a link',
    skipped: 'not registered yet',
    doing: 'making a link for a new passphrase of',
    noun: 'link for a new passphrase',
    endings: {
      done: (domain) => `${domain} has a link for a new passphrase`,
      skipped: (domain) => `The owner of ${domain} has not registered yet`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, validMs }) => JSON.stringify([kind, domain, seen, filter, validMs]),
});
