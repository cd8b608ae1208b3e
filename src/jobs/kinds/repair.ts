import * as z from 'zod';
import { envelope, onInstance } from './envelope.ts';
import { defineKind } from './kind.ts';

const payload = z.strictObject({
  ...envelope,
  ...onInstance,
  kind: z.literal('repair'),
  /** Make databases that held data anew, empty. */
  recreateEmpty: z.boolean(),
  /** Remove a reservation and what it holds: nobody ever used it. */
  dropReservation: z.boolean(),
  /** Write the number of the platform where an older one has the same indexes. */
  movesNumber: z.boolean().optional(),
});

export type RepairPayload = z.infer<typeof payload>;

/** Puts right what a check has found wrong with an instance (`ARCHITECTURE.md` §3.7). */
export const repair = defineKind({
  name: 'repair',
  hasLinks: false,
  payload,
  stages: ['repair'],
  /** Something was put right, or nothing had to be. */
  outcomes: { done: 'repaired', skipped: 'clean' },
  words: {
    done: 'repaired',
    skipped: 'nothing to repair',
    doing: 'repairing',
    noun: 'repair',
    endings: {
      done: (domain) => `${domain} has been repaired`,
      skipped: (domain) => `Nothing had to be repaired for ${domain}`,
    },
  },
  namesOf: ({ domain }) => [domain],
  digest: ({ kind, domain, seen, filter, recreateEmpty, dropReservation, movesNumber }) =>
    JSON.stringify([kind, domain, seen, filter, recreateEmpty, dropReservation, movesNumber]),
});

export type RepairStageName = (typeof repair.stages)[number];
