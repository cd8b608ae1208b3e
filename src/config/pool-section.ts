import * as z from 'zod';
import type { PoolConfig } from './config.ts';
import { MAP, wholeNumber } from './values.ts';

/** Items of a cluster, at the most: each is 16 databases, for which nobody waits. */
const MOST = 10_000;

const WINDOW = 'must be hours of a day and a time zone, such as 22:00-06:00 Europe/Paris';

/** Whether the zone is one is for those who read it: they know zones. */
const window = z
  .string(WINDOW)
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d [A-Za-z0-9_+/-]+$/, WINDOW);

/** `fleet.pool`. Messages are what follows the name of the key. */
export const poolSection = z
  .strictObject(
    {
      size: wholeNumber(0, MOST),
      low: wholeNumber(0, MOST).optional(),
      reserve: wholeNumber(0, MOST).optional(),
      window: window.optional(),
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? 'is not a setting of the pool' : MAP) },
  )
  .transform(({ size, low, reserve, window }): PoolConfig => {
    // Half of it is made again, and a tenth is left to people who wait.
    const marks = { size, low: low ?? Math.ceil(size / 2), reserve: reserve ?? Math.ceil(size / 10) };
    return { ...marks, ...(window === undefined ? {} : { window }) };
  })
  .superRefine(({ size, low, reserve }, context) => {
    const above = (key: string) =>
      context.addIssue({ code: 'custom', path: [key], message: `must not be above the size, ${size}` });
    if (low > size) above('low');
    if (reserve > size) above('reserve');
  });

/** Of a fleet without a pool. */
export const NO_POOL: PoolConfig = { size: 0, low: 0, reserve: 0 };
