import * as z from 'zod';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('clean-sessions'),
  /** Whether the history of logins goes, too. */
  logins: z.boolean(),
});

export type CleanSessionsPayload = z.infer<typeof payload>;

/** Ends all sessions of an instance. */
export const cleanSessions = defineKind({
  name: 'clean-sessions',
  hasLinks: false,
  payload,
  stages: ['clean'],
  /** At least one document went, or there was none. */
  outcomes: { done: 'cleaned', skipped: 'no-sessions' },
  words: {
    done: 'cleaned',
    skipped: 'without sessions',
    doing: 'ending the sessions of',
    noun: 'end of sessions',
    endings: {
      done: (domain) => `The sessions of ${domain} have been ended`,
      skipped: (domain) => `${domain} had no sessions`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, logins }) => JSON.stringify([kind, domain, seen, filter, logins]),
});
