import * as z from 'zod';

/*
 * Values that several sections of the configuration have. Messages are what follows the name of the key in a
 * sentence, and never hold the value: it may be a password.
 */

export const MAP = 'must be a map of keys to values';

/** A number is taken for the text it was meant to be. */
export const text = z.union([z.string(), z.number().transform(String)], 'must be a text');

export const path = z.string('must be the path of a file').min(1, 'must be the path of a file');

/** A whole number, also as text: environment variables and flags are text. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], message)
    .pipe(z.int(message).min(min, message).max(max, message));
}
