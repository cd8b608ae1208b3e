import * as z from 'zod';

/** Characters of the reason for what an operator does. */
export const LONGEST_REASON = 500;

/** Path of a batch, be it asked by a program or a browser. @param id of ours: letters and digits */
export function batchPath(id: string): string {
  return `/fleet/batches/${encodeURIComponent(id)}`;
}

/** Path of a job. */
export function jobPath(id: string): string {
  return `/fleet/jobs/${encodeURIComponent(id)}`;
}

/** Path of what is known of an instance. */
export function instancePath(domain: string): string {
  return `/fleet/instances/${encodeURIComponent(domain)}`;
}

/** The batch that a path names, in the form in which it is kept. */
export const batchParams = z.object({ id: z.string().min(1).max(32).toUpperCase() });

/** The job that a path names, by its id or by the name of an instance. */
export const jobParams = z.object({ id: z.string().min(1).max(1024) });

export const domainParams = z.object({ domain: z.string().min(1).max(1024) });

/** Most things of a list in one answer. */
export const limitOf = (otherwise: number, most: number) =>
  z.coerce.number().int().min(1).max(most).default(otherwise).describe(`At most ${most}.`);

/** What a steering request may say; no body says nothing. */
export const reasonBody = z
  .strictObject({ reason: z.string().max(LONGEST_REASON).default('').describe('Why, for the record.') })
  .nullish();
