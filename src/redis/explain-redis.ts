import { type RedisTarget, redisAddress } from '../config/redis-target.ts';
import { FleetError, toError } from '../errors.ts';
import { type RedisClient, recentTrouble } from './client.ts';
import { abortedBy, isRedisAway } from './refusals.ts';

/**
 * What was thrown while a Redis was used: where it was for want of that Redis, a FleetError `redis_unreachable`
 * with host, port and what is known of the reason; otherwise as it is.
 */
export function explainRedis(thrown: unknown, client: RedisClient, target: RedisTarget): unknown {
  const error = toError(thrown);
  const trouble = recentTrouble(client);
  const aborted = abortedBy(error);
  // Which of its commands was refused is not always known: it may have been asked again elsewhere.
  const isAborted = error.message.startsWith('EXECABORT') && trouble !== undefined;
  if (!isRedisAway(error) && !isAborted) return thrown;
  return new FleetError(
    'redis_unreachable',
    `Redis at ${redisAddress(target)} went away while the command ran: ${trouble ?? (aborted ?? error).message}`,
    'What was queued goes on when it is back.',
    { cause: error },
  );
}
