import { constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RedisTarget, SingleRedis } from '../config/redis-target.ts';
import { createServerClient } from './client.ts';
import { ONCE } from './probe.ts';

/**
 * Whether a Redis takes commands from any client that reaches it, asked by a client without credentials: that we
 * have a password does not mean that others need one. A socket counts only where others can open it. One that does not
 * answer is closed.
 */
export async function letsAnybodyIn(target: RedisTarget): Promise<boolean> {
  if (target.kind === 'socket' && !(await isOpenToOthers(target.path))) return false;
  for (const server of serversOf(target)) {
    const answer = await pingAsStranger(server);
    if (answer !== undefined) return answer === 'PONG';
  }
  return false;
}

function serversOf(target: RedisTarget): SingleRedis[] {
  if (target.kind !== 'cluster') return [target];
  const { nodes, ...access } = target;
  return nodes.map((node) => ({ ...access, kind: 'server', mayBeCluster: true, ...node }));
}

/** What it says; undefined where there is no connection. */
async function pingAsStranger(target: SingleRedis): Promise<string | undefined> {
  const redis = createServerClient(asStranger(target), 'command', { mayAskInfo: false }, ONCE);
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.ping().catch(() => 'refused');
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

/** Without credentials, a certificate of ours among them. */
function asStranger({ username: _user, password: _secret, tls, ...target }: SingleRedis): SingleRedis {
  if (tls === undefined) return target;
  const { clientCert: _cert, clientKey: _key, ...rest } = tls;
  return { ...target, tls: rest };
}

/** Whether users other than ours and its group can open a socket: each directory on the way must let them pass. */
async function isOpenToOthers(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & constants.S_IWOTH) === 0) return false;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & constants.S_IXOTH) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}
