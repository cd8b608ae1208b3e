import * as z from 'zod';
import { listOf } from '../../instances/options/strict-values.ts';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

/** Name of a worker of a stack, such as `sendmail` or `rag-index`. */
export const STACK_WORKER = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('purge-jobs'),
  /** Milliseconds since a job of the stack was queued, before which it goes. */
  olderThanMs: z.int().positive(),
  /** Workers of the stack whose jobs go; absent = all. */
  workers: listOf(z.string().regex(STACK_WORKER)).min(1).optional(),
});

export type PurgeJobsPayload = z.infer<typeof payload>;

/** Removes what a stack keeps of old jobs of an instance. */
export const purgeJobs = defineKind({
  name: 'purge-jobs',
  hasLinks: false,
  payload,
  stages: ['purge'],
  /** At least one went, or there was none to go. */
  outcomes: { done: 'purged', skipped: 'no-old-jobs' },
  words: {
    done: 'purged',
    skipped: 'without old jobs',
    doing: 'purging the jobs of',
    noun: 'purge of jobs',
    endings: {
      done: (domain) => `The old jobs of ${domain} have been purged`,
      skipped: (domain) => `${domain} had no old jobs`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, olderThanMs, workers }) =>
    JSON.stringify([kind, domain, seen, filter, olderThanMs, workers]),
});
