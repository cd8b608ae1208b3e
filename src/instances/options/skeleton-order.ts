import * as z from 'zod';

/** Which skeleton an instance is to get: it is read, and compared, on the machine of the worker. */
export const skeletonOrder = z.strictObject({
  /** SHA-256 of all that is in it, in hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Absolute path; absent = that of `fleet.skeleton`, wherever the worker has it. */
  directory: z
    .string()
    .regex(/^\/[^\0]*$/)
    .max(4096)
    .optional(),
});

export type SkeletonOrder = z.infer<typeof skeletonOrder>;
