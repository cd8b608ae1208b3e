import * as z from 'zod';
import { envelope, forDate, onInstance } from './envelope.ts';
import { exportDirectory } from './export-directory.ts';
import { defineKind } from './kind.ts';

/** How an instance is destroyed: kept in payloads, and with a date until it is due (`jobs/dates`). */
export const destroyOptions = {
  /** Leave it at that if accounts would have to be told elsewhere that they are deleted. */
  skipAccounts: z.boolean(),
  /** Go on with an instance that somebody else flagged `deleting`. */
  resume: z.boolean(),
  /** Where its archive goes first, without which nothing of it is removed; absent = there is to be none. */
  exportTo: exportDirectory.optional(),
};

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  ...forDate,
  ...destroyOptions,
  /**
   * For one that is on no list: leave it alone while others have its first label as their `org_id`, or while it has a date for its
   * destruction; absent = whoever ordered it has decided that.
   */
  unlessMembers: z.literal(true).optional(),
  /** Revision that its document has to have still, for one that is on no list; absent = whatever it has become. */
  unlessChanged: z.string().min(1).optional(),
  kind: z.literal('destroy'),
});

export type DestroyPayload = z.infer<typeof payload>;

/** Removes an instance with all that belongs to it (`ARCHITECTURE.md` §3.6). */
export const destroy = defineKind({
  name: 'destroy',
  hasLinks: false,
  payload,
  stages: [
    'export',
    'mark',
    'accounts',
    'close',
    'confirm',
    'outside',
    'triggers',
    'databases',
    'storage',
    'unregister',
  ],
  stageLabels: { close: 'revoke-access', confirm: 'confirm-export', outside: 'rag' },
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
  passesOver: ({ exportTo }) => (exportTo === undefined ? ['export', 'confirm'] : []),
  // Without a date, an export and a list the text is that of earlier versions, whose jobs may be waiting.
  digest: ({
    kind,
    domain,
    seen,
    filter,
    skipAccounts,
    resume,
    date,
    exportTo,
    unlessMembers,
    unlessChanged,
  }) =>
    JSON.stringify([
      kind,
      domain,
      seen,
      filter,
      skipAccounts,
      resume,
      ...(date === undefined ? [] : [date]),
      ...(exportTo === undefined ? [] : [exportTo]),
      ...(unlessMembers === undefined ? [] : [{ unlessMembers, unlessChanged }]),
    ]),
});

export type DestroyStageName = (typeof destroy.stages)[number];
