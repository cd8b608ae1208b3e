import { z } from 'zod';

/** What the benchmark tells a process with servers. */
export const serveOrder = z.object({
  couchUrl: z.string(),
  redisUrl: z.string(),
  storageRoot: z.string(),
});

export type ServeOrder = z.infer<typeof serveOrder>;

/** What it answers once it listens. */
export const serveAnswer = z.object({ publicPort: z.number() });

/** What it is asked then: the time that it has computed since it began. */
export const USAGE_ORDER = 'usage';

/** Milliseconds, user and system. */
export const usageAnswer = z.object({ cpuMs: z.number() });
