import * as z from 'zod';
import { isSlug } from '../../apps/manifest/manifest.ts';
import { listOf } from '../../instances/options/strict-values.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('uninstall-apps'),
  /** Slugs of the applications. */
  apps: listOf(z.string().refine(isSlug)).min(1),
  /** Whether their code goes, too. */
  purgeCode: z.boolean(),
});

export type UninstallAppsPayload = z.infer<typeof payload>;

/** Uninstalls applications of an instance. */
export const uninstallApps = defineKind({
  name: 'uninstall-apps',
  hasLinks: false,
  payload,
  stages: ['uninstall'],
  /** At least one was there, or none was. */
  outcomes: { done: 'uninstalled', skipped: 'not-installed' },
  words: {
    done: 'uninstalled',
    skipped: 'not installed',
    doing: 'uninstalling the applications of',
    noun: 'uninstallation',
    endings: {
      done: (domain) => `The applications of ${domain} have been uninstalled`,
      skipped: (domain) => `None of the applications was installed on ${domain}`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, apps, purgeCode }) =>
    JSON.stringify([kind, domain, seen, filter, apps, purgeCode]),
});

export type UninstallStageName = (typeof uninstallApps.stages)[number];
