import { z } from 'zod';
import { envelope, forDate, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

/** How an instance is destroyed: kept in payloads, and with a date until it is due (`jobs/dates`). */
export const destroyOptions = {
  /** Leave it at that if accounts would have to be told elsewhere that they are deleted. */
  skipAccounts: z.boolean(),
  /** Go on with an instance that somebody else flagged `deleting`. */
  resume: z.boolean(),
};

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  ...forDate,
  ...destroyOptions,
  kind: z.literal('destroy'),
});

export type DestroyPayload = z.infer<typeof payload>;

/** Removes an instance with all that belongs to it (`ARCHITECTURE.md` §3.6). */
export const destroy = defineKind({
  name: 'destroy',
  hasLinks: false,
  payload,
  stages: ['mark', 'accounts', 'close', 'outside', 'triggers', 'databases', 'storage', 'unregister'],
  stageLabels: { close: 'revoke-access', outside: 'rag' },
  /** Removed, or there was none. */
  outcomes: { done: 'destroyed', skipped: 'missing' },
  words: {
    done: 'destroyed',
    skipped: 'not there',
    doing: 'destroying',
    noun: 'destruction',
    endings: {
      done: (domain) => `Instance for domain ${domain} has been destroyed with success`,
      skipped: (domain) => `There is no instance for domain ${domain}`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, skipAccounts, resume, date }) =>
    JSON.stringify([kind, domain, seen, filter, skipAccounts, resume, ...(date === undefined ? [] : [date])]),
});

export type DestroyStageName = (typeof destroy.stages)[number];
