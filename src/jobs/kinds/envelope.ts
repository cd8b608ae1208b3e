import * as z from 'zod';
import { strictFilter } from '../../instances/lookup/instance-filter.ts';
import { domain } from '../../instances/options/strict-values.ts';
import { MOST_OF_BY, MOST_OF_REASON } from './author.ts';

/** Id of a batch, as `batches.ts` gives it. */
export const batchId = z.string().regex(/^[0-9A-Z]{1,16}$/);

/** The batch row a job works for. */
export const batchRow = z.strictObject({
  id: batchId,
  row: z.int().positive(),
});

/** Generations that fit into the order of reports (`row-state.ts`), and far more than an operator reaches. */
const MOST_GENERATIONS = 2 ** 20 - 1;

/** By which a worker knows that a command of its fleet wrote the payload for this very job (`signer.ts`). */
export const mac = z.string().regex(/^[\w-]{43}$/);

/** Tries of a job unless its payload says otherwise (`ARCHITECTURE.md` §4.1). */
export const DEFAULT_TRIES = 8;

/** Who wanted it and why, for the record; an earlier version says neither. */
export const author = {
  by: z.string().min(1).max(MOST_OF_BY).optional(),
  reason: z.string().min(1).max(MOST_OF_REASON).optional(),
};

/** What every payload has, whatever its job does. */
export const envelope = {
  v: z.literal(1),
  /** Absent in what an earlier version wrote: such a job can be shown, and is not run. */
  mac: mac.optional(),
  batch: batchRow.optional(),
  ...author,
  /** How often an operator had this job tried again. */
  generation: z.int().min(0).max(MOST_GENERATIONS),
  /** Tries before it fails for good. */
  tries: z.int().positive(),
};

export type EnvelopeField = keyof typeof envelope;

/** A document of `global/instances`: CouchDB keeps those that begin with "_" for itself. */
const documentId = z.string().regex(/^[^_]/).max(1024);

/** The very document and life of a domain that the operator saw (`ARCHITECTURE.md` §3.3). */
export const seenInstance = z.strictObject({
  id: documentId,
  incarnation: z.string().regex(/^[0-9a-f]{16}$/),
});

export type ExpectedInstance = z.infer<typeof seenInstance>;

/** The date that a job is for (`jobs/dates`): its worker asks CouchDB for it before anything is done. */
const dateOfJob = z.strictObject({
  /** Of its document. */
  id: z.string().min(1).max(1100),
  /** By which it is told from one that was set anew for the same instance. */
  batch: batchId,
});

export type DateOfJob = z.infer<typeof dateOfJob>;

/** What the payload of a job has, too, that may be for a date. */
export const forDate = { date: dateOfJob.optional() };

/** What the payload of a job has, too, that works on an instance which is there already. */
export const onInstance = {
  /** Normalised, with port if any. */
  domain,
  /** Absent when there was no such instance when the job was queued. */
  seen: seenInstance.optional(),
  /** What the instance must still be when its turn comes; absent when it was named. */
  filter: strictFilter.optional(),
};
