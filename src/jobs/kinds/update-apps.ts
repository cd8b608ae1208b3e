import * as z from 'zod';
import { CHANNEL } from '../../apps/app-source.ts';
import { isSlug, isVersion } from '../../apps/manifest/manifest.ts';
import { appSource, listOf } from '../../instances/options/strict-values.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('update-apps'),
  /** Slugs of the applications. */
  apps: listOf(z.string().refine(isSlug)).min(1),
  /** Where the one application is to come from; absent = from where it came. */
  source: appSource.optional(),
  /** Of the registry; absent = the one of the source by which it was installed. */
  channel: z.string().regex(CHANNEL).optional(),
  /** Absent = the newest of the channel. */
  version: z.string().refine(isVersion).optional(),
  /** Whether what asks for other permissions or terms is to wait until the owner agrees. */
  safe: z.boolean(),
  /**
   * By slug the version that a plan has shown: any other one is refused. Absent where nobody planned it; of an application
   * that is not in it, the plan could not say.
   */
  shown: z.record(z.string().refine(isSlug), z.string().refine(isVersion)).optional(),
});

export type UpdateAppsPayload = z.infer<typeof payload>;

/** Updates applications of an instance. */
export const updateApps = defineKind({
  name: 'update-apps',
  hasLinks: false,
  payload,
  stages: ['update'],
  /** At least one has another version now, or none has. */
  outcomes: { done: 'updated', skipped: 'not-updated' },
  words: {
    done: 'updated',
    // The source may be another one still.
    skipped: 'no other version',
    doing: 'updating the applications of',
    noun: 'update',
    endings: {
      done: (domain) => `Applications of ${domain} have been updated`,
      skipped: (domain) => `No application of ${domain} has another version now`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, apps, source, channel, version, safe, shown }) => {
    const wanted = [kind, domain, seen, filter, apps, source, channel, version, safe];
    return JSON.stringify(shown === undefined ? wanted : [...wanted, shown]);
  },
});

export type UpdateStageName = (typeof updateApps.stages)[number];
