import type { RedisTarget } from '../config/redis-target.ts';
import { createPlainConnection, type PlainRedis } from './plain-connection.ts';

/** What runs scripts: any client of ours, and what can do nothing else. */
export interface ScriptClient {
  eval(lua: string, numberOfKeys: number, ...rest: (string | number)[]): Promise<unknown>;
  evalsha(digest: string, numberOfKeys: number, ...rest: (string | number)[]): Promise<unknown>;
  disconnect(): void;
}

/**
 * Runs scripts over a plain connection where that is all it takes, and from the first trouble on by a client that copes
 * with it: what went wrong is sent again there, as that client would have done. A script must bear to be run twice.
 * @param loadClient called once, where it is needed
 */
export function createScriptClient(
  target: RedisTarget,
  loadClient: () => Promise<ScriptClient>,
): ScriptClient {
  const plain = isPlain(target) ? createPlainConnection(target) : undefined;
  let loading: Promise<ScriptClient> | undefined;
  let isClosed = false;

  async function load(): Promise<ScriptClient> {
    plain?.close();
    const client = await loadClient();
    if (isClosed) client.disconnect();
    return client;
  }

  async function client(): Promise<ScriptClient> {
    if (isClosed) throw new Error('the connection was closed');
    loading ??= load();
    return await loading;
  }

  async function run(name: 'eval' | 'evalsha', args: readonly [string, number, ...(string | number)[]]) {
    if (plain !== undefined && loading === undefined) {
      try {
        return await plain.call(name.toUpperCase(), ...args);
      } catch (error) {
        // The one refusal that is no trouble: whoever asked sends the script itself next.
        if (error instanceof Error && error.message.startsWith('NOSCRIPT')) throw error;
      }
    }
    const full = await client();
    return await full[name](...args);
  }

  return {
    eval: (...args) => run('eval', args),
    evalsha: (...args) => run('evalsha', args),
    disconnect() {
      isClosed = true;
      plain?.close();
      loading?.then((full) => full.disconnect()).catch(() => undefined);
    },
  };
}

/** TLS and all that is more than one server are left to the client. */
function isPlain(target: RedisTarget): target is PlainRedis {
  if (target.tls !== undefined) return false;
  return target.kind === 'socket' || (target.kind === 'server' && !target.mayBeCluster);
}
