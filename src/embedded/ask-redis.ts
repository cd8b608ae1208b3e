import { Redis } from 'ioredis';

const ANSWER_MS = 2000;

/**
 * Sends one command to a Redis of this machine, over a connection of its own that is never tried again:
 * a client's reconnecting is in the way while a server starts.
 * @param password absent for one that asks for none; one that was needless makes it answer nothing
 * @returns the reply as ioredis decodes it, or undefined when there is none, or an error
 */
export async function askRedis(
  port: number,
  command: readonly [string, ...string[]],
  password?: string,
): Promise<unknown> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    ...(password !== undefined && { password }),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  // What goes wrong comes back from the call as well; without a listener it would be printed.
  redis.on('error', () => undefined);
  const [name, ...parameters] = command;
  try {
    await redis.connect();
    return await redis.call(name, ...parameters);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

/** Whether a Redis at this port answers and has loaded its data. */
export async function isRedisReady(port: number, password?: string): Promise<boolean> {
  return (await askRedis(port, ['PING'], password)) === 'PONG';
}
