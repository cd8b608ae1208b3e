import * as z from 'zod';
import { fieldValues, strictChanges } from '../../instances/options/strict-options.ts';
import { appSource, listOf } from '../../instances/options/strict-values.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('modify-and-install'),
  changes: strictChanges,
  /** What the changed fields were when the change was planned; absent where nobody planned it. */
  before: fieldValues.optional(),
  /** Sources of the applications. */
  apps: listOf(appSource).min(1),
});

export type ModifyAndInstallPayload = z.infer<typeof payload>;

/** Changes an instance, and installs applications on it then: one job, for two would stand in each other's way. */
export const modifyAndInstall = defineKind({
  name: 'modify-and-install',
  hasLinks: false,
  payload,
  stages: ['modify', 'apps'],
  /** Changed or given an application, or it was so already. */
  outcomes: { done: 'brought-up', skipped: 'as-it-was' },
  words: {
    done: 'modified and given its applications',
    skipped: 'so already',
    doing: 'modifying and installing applications on',
    noun: 'modification with applications',
    endings: {
      done: (domain) => `${domain} has been modified, and its applications have been installed`,
      skipped: (domain) => `${domain} was so already, with its applications`,
    },
  },
  namesOf: ({ domain, changes: { aliases = [] } }) => [
    domain,
    ...aliases.filter((alias) => alias !== domain),
  ],
  digest: ({ kind, domain, seen, filter, changes, apps, before }) =>
    JSON.stringify([kind, domain, seen, filter, changes, apps, ...(before === undefined ? [] : [before])]),
  appsOf: ({ apps }) => apps,
  leavesInUse: (doneStages, code) => doneStages.includes('modify') && code === 'apps',
});

export type ModifyAndInstallStageName = (typeof modifyAndInstall.stages)[number];
