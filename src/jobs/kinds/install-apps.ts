import * as z from 'zod';
import { appSource, listOf } from '../../instances/options/strict-values.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('install-apps'),
  /** Sources of the applications. */
  apps: listOf(appSource).min(1),
});

export type InstallAppsPayload = z.infer<typeof payload>;

/** Installs applications on an instance. */
export const installApps = defineKind({
  name: 'install-apps',
  hasLinks: false,
  payload,
  stages: ['apps'],
  /** All are there now, or all were. */
  outcomes: { done: 'installed', skipped: 'present' },
  words: {
    done: 'installed',
    skipped: 'installed already',
    doing: 'installing the applications on',
    noun: 'installation',
    endings: {
      done: (domain) => `The applications have been installed on ${domain}`,
      skipped: (domain) => `The applications of ${domain} were installed already`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, apps }) => JSON.stringify([kind, domain, seen, filter, apps]),
  appsOf: ({ apps }) => apps,
});

export type InstallStageName = (typeof installApps.stages)[number];
