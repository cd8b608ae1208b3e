import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { askStackRedis } from './connect.ts';
import { stackPrefix } from './stack-instance.ts';

/** Seconds for which a code can be taken, as in a stack (`sessionCodeTTL` in `model/instance/store.go`). */
export const SESSION_CODE_SECONDS = 7 * 86_400;

/**
 * Puts a code into the stack's Redis by which whoever brings it first begins a session, once (`docs/cozy-data.md` §6.8). A
 * secret: show it, never keep it.
 * @throws StackRedisAway, StackRedisRefusal
 */
export async function saveSessionCode(
  sessions: Redis,
  instance: Parameters<typeof stackPrefix>[0],
): Promise<string> {
  const code = randomBytes(24).toString('hex');
  const key = `${stackPrefix(instance)}:sessioncode:${code}`;
  await askStackRedis(sessions, () => sessions.set(key, '1', 'EX', SESSION_CODE_SECONDS));
  return code;
}
