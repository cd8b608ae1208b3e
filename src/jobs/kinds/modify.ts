import * as z from 'zod';
import { fieldValues, strictChanges } from '../../instances/options/strict-options.ts';
import { envelope, forDate, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  ...forDate,
  kind: z.literal('modify'),
  changes: strictChanges,
  /** What the changed fields were when the change was planned; absent where nobody planned it. */
  before: fieldValues.optional(),
});

export type ModifyPayload = z.infer<typeof payload>;

/** Changes an instance. */
export const modify = defineKind({
  name: 'modify',
  hasLinks: false,
  payload,
  stages: ['modify'],
  /** Changed, or it was so already. */
  outcomes: { done: 'modified', skipped: 'unchanged' },
  words: {
    done: 'modified',
    skipped: 'so already',
    doing: 'modifying',
    noun: 'modification',
    endings: {
      done: (domain) => `${domain} has been modified`,
      skipped: (domain) => `${domain} was so already`,
    },
  },
  namesOf: ({ domain, changes: { aliases = [] } }) => [
    domain,
    ...aliases.filter((alias) => alias !== domain),
  ],
  digest: ({ kind, domain, seen, filter, changes, before, date }) =>
    JSON.stringify([
      ...[kind, domain, seen, filter, changes],
      ...(before === undefined ? [] : [before]),
      ...(date === undefined ? [] : [{ date }]),
    ]),
});

export type ModifyStageName = (typeof modify.stages)[number];
