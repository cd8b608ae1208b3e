import { createHmac, type Hmac } from 'node:crypto';
import * as z from 'zod';
import { fieldValue } from '../../instances/options/strict-options.ts';
import { BATCH_KINDS } from '../../jobs/batches/batch-kind.ts';
import { derivedKey } from '../../jobs/fleet/seal.ts';
import { KIND_NAMES } from '../../jobs/kinds/job-kinds.ts';
import { VERDICTS } from './verdict.ts';

/** By which a file is known as a plan. */
export const PLAN_FORMAT = 'cozy-fleet plan';

/** Of the lines below; another one is not read. */
export const PLAN_VERSION = 1;

/** What every version of the first line has. */
export const anyHead = z.looseObject({ format: z.literal(PLAN_FORMAT), version: z.number() });

/** The first line of a plan. */
export const planHead = z.strictObject({
  format: z.literal(PLAN_FORMAT),
  version: z.literal(PLAN_VERSION),
  plan: z.uuid(),
  fleet: z.string(),
  kind: z.enum(BATCH_KINDS),
  name: z.string(),
  reason: z.string(),
  options: z.strictObject({
    tries: z.int().positive(),
    maxFailures: z
      .union([z.int().min(0), z.strictObject({ percent: z.number().min(0).max(100) })])
      .optional(),
    canary: z.int().positive().optional(),
    concurrency: z.int().positive().optional(),
    // Rows a second.
    rate: z.number().positive().optional(),
  }),
  at: z.iso.datetime(),
  by: z.string(),
  counts: z.record(z.string(), z.int().min(0)),
  // Absent where each row was meant by somebody.
  scope: z.strictObject({ pruned: z.int().min(0), inScope: z.int().min(0) }).optional(),
});

export type PlanHead = z.infer<typeof planHead>;

const field = z.strictObject({ field: z.string(), old: fieldValue, new: fieldValue });

/** What is compared of a verdict; the rest is for people. */
export const plannedVerdict = z.looseObject({
  verdict: z.enum(VERDICTS),
  resumes: z.boolean().optional(),
  fields: z.array(field).optional(),
  apps: z.array(z.string()).optional(),
  findings: z.array(z.string()).optional(),
});

export type PlannedVerdict = z.infer<typeof plannedVerdict>;

/** A line for a row. `work` is read as strictly as a payload when it is used. */
export const planRow = z.strictObject({
  row: z.int().positive(),
  domain: z.string(),
  verdict: plannedVerdict,
  unknown: z.array(z.looseObject({})),
  // As the file had it, so that a row that fails can be given back; a passphrase is empty.
  original: z.array(z.tuple([z.string(), z.string()])).optional(),
  work: z.looseObject({ kind: z.enum(KIND_NAMES) }),
});

/** The last line: how many rows there are, and that a command of the fleet wrote all that is above it. */
export const planTail = z.strictObject({ rows: z.int().min(0), mac: z.string().regex(/^[\w-]{43}$/) });

/** Takes all lines but the last one, each with its line feed. @param key of the fleet, base64 of 32 bytes */
export function planMac(key: string): Hmac {
  return createHmac('sha256', derivedKey(key, 'mac of a plan'));
}
