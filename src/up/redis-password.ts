import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../errno.ts';
import { writePrivateFile } from './private-file.ts';

/** Beside the data: whoever may read these needs no password. */
const FILE = 'redis.password';

/** What goes into a URL and into a configuration as it is. */
const PASSWORD = /^[\w-]{24,128}\n?$/;

/**
 * The password of the Redis in that directory, made at its first start. It is there before a Redis has it, so that
 * one which outlives a killed `up` can be stopped.
 */
export async function redisPassword(directory: string): Promise<string> {
  const file = join(directory, FILE);
  const kept = (await unlessMissing(readFile(file, 'utf8'))) ?? '';
  if (PASSWORD.test(kept)) return kept.trimEnd();
  const made = randomBytes(24).toString('base64url');
  await writePrivateFile(file, `${made}\n`);
  return made;
}
