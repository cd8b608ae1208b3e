import { createHash } from 'node:crypto';
import type { ScriptClient } from '../../redis/script-client.ts';

/** A Lua script of ours, sent once to each Redis and then called by its digest. */
export interface Script {
  run(
    redis: Pick<ScriptClient, 'eval' | 'evalsha'>,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown>;
}

export function script(lua: string): Script {
  const digest = createHash('sha1').update(lua).digest('hex');
  return {
    async run(redis, keys, args) {
      try {
        return await redis.evalsha(digest, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return await redis.eval(lua, keys.length, ...keys, ...args);
      }
    },
  };
}
