import { z } from 'zod';

/** What the benchmark tells the worker's process. */
export const workerOrder = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('start'),
    couchUrl: z.string(),
    redisUrl: z.string(),
    storageRoot: z.string(),
    prefix: z.string(),
    concurrency: z.number(),
    connections: z.number(),
    /** Whether creations take from the pool what is in it; nothing fills it by itself. */
    hasPool: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('usage') }),
  z.object({ kind: z.literal('stop') }),
]);

export type WorkerOrder = z.input<typeof workerOrder>;

/** What it answers; `usage` counts from the start of the process. */
export const workerAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({
    kind: z.literal('usage'),
    /** Milliseconds of CPU. */
    user: z.number(),
    system: z.number(),
    /** HTTP requests to CouchDB. */
    requests: z.number(),
  }),
  z.object({ kind: z.literal('stopped') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);

export type WorkerAnswer = z.infer<typeof workerAnswer>;

export type WorkerUsage = Extract<WorkerAnswer, { kind: 'usage' }>;
