import { randomUUID, type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import {
  createLocalBook,
  LOGIN_RETRY_MS,
  type LoginBook,
  type LoginOutcome,
} from '../../couchdb/login-gate.ts';
import { createScriptClient, type ScriptClient } from '../../redis/script-client.ts';
import type { FleetRedisSettings } from './connect-fleet-redis.ts';
import { createKeys, type Keys } from './keys.ts';
import { script } from './script.ts';

/** The books of all CouchDB servers, shared by all processes of the fleet. */
export interface Logins {
  /** @param url of a CouchDB, with credentials */
  at(url: string): LoginBook;
  close(): void;
}

export interface LoginsOptions {
  /** Connects to the fleet's Redis; called when it is needed, and again after that connection failed. */
  connect(): Promise<ScriptClient>;
  readonly keys: Keys;
}

/**
 * CouchDB forgets failures 300 s after the first of them; a little more, for answers take their time. At most
 * so many wrong logins of one user and password, and of all of them, fall into that time: a password that was not
 * tried yet must find room (it is how a corrected password comes in).
 */
const WINDOW_MS = 305_000;
const MOST_OF_REFUSED = 2;
const MOST_OF_ALL = 3;

/** How long one process may take to try; then it is the next one's turn. */
const TRY_LASTS_MS = 7_000;
/** How long an accepted login spares the other processes theirs. */
const GOOD_LASTS_MS = 1_000;
/** How long Redis is waited for: it must not hold up a request that CouchDB would answer. */
const ANSWER_TIMEOUT_MS = 2_000;
/** Time before a Redis that did not answer is asked again. */
const PAUSE_AFTER_SILENCE_MS = 5_000;
/** After that time of silence nothing has to be remembered any more. */
const KEEP_MS = 2 * WINDOW_MS;

const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/* KEYS: login, tries. ARGV: token. Answers { state, milliseconds }. */
const ASK = script(`${CLOCK}
local seen = redis.call('HMGET', KEYS[1], 'good', 'trying', 'next')
local next = tonumber(seen[3])
if (tonumber(seen[1]) or 0) > now then return {'go', 0} end
if (tonumber(seen[2]) or 0) > now then return {'busy', 0} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ${WINDOW_MS})
local made = redis.call('ZCARD', KEYS[2])
local most = next and ${MOST_OF_REFUSED} or ${MOST_OF_ALL}
local wait = (next or now) - now
if made >= most then
  local leaves = redis.call('ZRANGE', KEYS[2], made - most, made - most, 'WITHSCORES')
  wait = math.max(wait, leaves[2] + ${WINDOW_MS} + 1 - now)
end
if wait > 0 then return {'wait', wait} end
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ${KEEP_MS})
redis.call('HSET', KEYS[1], 'trying', now + ${TRY_LASTS_MS})
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})
return {'try', 0}`);

/* KEYS: login, tries. ARGV: token, outcome. A try that was not refused did no harm and is not counted. */
const TELL = script(`${CLOCK}
redis.call('HDEL', KEYS[1], 'trying')
if ARGV[2] == 'refused' then
  redis.call('HDEL', KEYS[1], 'good')
  redis.call('HSET', KEYS[1], 'next', now + ${LOGIN_RETRY_MS})
else
  redis.call('ZREM', KEYS[2], ARGV[1])
  if ARGV[2] == 'accepted' then
    redis.call('HDEL', KEYS[1], 'next')
    redis.call('HSET', KEYS[1], 'accepted', now, 'good', now + ${GOOD_LASTS_MS})
  end
end
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})`);

/* KEYS: login. ARGV: age. What was sent before the password was put right says nothing about it. */
const REFUSED = script(`${CLOCK}
local seen = redis.call('HMGET', KEYS[1], 'accepted', 'next')
if (tonumber(seen[1]) or 0) > now - ARGV[1] then return 0 end
local next = tonumber(seen[2]) or 0
if next <= now then next = now + ${LOGIN_RETRY_MS} end
redis.call('HDEL', KEYS[1], 'good')
redis.call('HSET', KEYS[1], 'next', next)
redis.call('PEXPIRE', KEYS[1], ${KEEP_MS})
return next - now`);

const permission = z.tuple([z.enum(['try', 'go', 'busy', 'wait']), z.number()]);

/** Without Redis each process goes by what it has seen itself. */
export function createLogins({ connect, keys }: LoginsOptions): Logins {
  let connection: Promise<ScriptClient> | undefined;
  let askAgainAt = 0;

  /** Begins to connect, for a question that comes in a moment. */
  function prepare(): void {
    if (Date.now() < askAgainAt || connection !== undefined) return;
    connection = connect();
    connection.catch(() => undefined);
  }

  /** What Redis says, or undefined where it says nothing in time. */
  async function ask<T>(work: (redis: ScriptClient) => Promise<T>): Promise<T | undefined> {
    if (Date.now() < askAgainAt) return undefined;
    const asked = (async () => {
      connection ??= connect();
      return await work(await connection);
    })();
    const late = new Promise<'late'>((resolve) => {
      setTimeout(resolve, ANSWER_TIMEOUT_MS, 'late').unref();
    });
    try {
      const said = await Promise.race([asked, late]);
      if (said !== 'late') return said;
    } catch {
      // As without an answer, below: the next question begins with a new connection.
    }
    asked.catch(() => undefined);
    askAgainAt = Date.now() + PAUSE_AFTER_SILENCE_MS;
    drop();
    return undefined;
  }

  function drop(): void {
    const dropped = connection;
    connection = undefined;
    dropped?.then((redis) => redis.disconnect()).catch(() => undefined);
  }

  return {
    at: (url) => createBook(url, keys, { prepare, ask }),
    close: drop,
  };
}

/** The books in the fleet's Redis, on a connection of their own: they are asked before anything else is open. */
export function fleetLogins({ redis, prefix }: FleetRedisSettings): Logins {
  // Loaded by whom Redis gives trouble, or is more than one server: few commands need it for anything else.
  const loadClient = async (): Promise<ScriptClient> => {
    // Whether it is a node of a cluster, which answers for some keys only, is found out by asking it.
    if (redis.kind === 'server' && redis.mayBeCluster) {
      const { connectRedis } = await import('../../redis/connect-redis.ts');
      return await connectRedis({ target: redis, role: 'command', setting: 'fleet.redis', needs: [] });
    }
    const { createRedisClient } = await import('../../redis/client.ts');
    // These few scripts need no more than an answer; the connection for jobs checks what this Redis is fit for.
    return createRedisClient(redis, 'command', { mayAskInfo: false });
  };
  const connect = async (): Promise<ScriptClient> => createScriptClient(redis, loadClient);
  return createLogins({ connect, keys: createKeys(prefix) });
}

interface SharedBooks {
  prepare(): void;
  ask<T>(work: (redis: ScriptClient) => Promise<T>): Promise<T | undefined>;
}

function createBook(url: string, keys: Keys, { prepare, ask }: SharedBooks): LoginBook {
  const { host } = new URL(url);
  const local = createLocalBook();
  let digest: Promise<string> | undefined;
  /** Of the try that is under way; empty when Redis does not know of it. */
  let token = '';

  async function names(): Promise<readonly [string, string]> {
    digest ??= digestOf(url);
    return [keys.login(host, await digest), keys.loginTries(host)];
  }

  return {
    async ask() {
      const mine = randomUUID();
      // While it is connected to, the digest is made.
      prepare();
      const both = await names();
      const [state, ms] = permission.safeParse(await ask((redis) => ASK.run(redis, both, [mine]))).data ?? [];
      token = state === 'try' ? mine : '';
      switch (state) {
        case undefined:
          return await local.ask();
        case 'wait':
          return { state, ms: ms ?? 0 };
        default:
          return { state };
      }
    },
    async tell(outcome: LoginOutcome) {
      await local.tell(outcome);
      const both = await names();
      if (token !== '') await ask((redis) => TELL.run(redis, both, [token, outcome]));
    },
    async wasRefused(age) {
      const [login] = await names();
      const ms = await ask((redis) => REFUSED.run(redis, [login], [Math.ceil(age)]));
      return typeof ms === 'number' ? ms : await local.wasRefused(age);
    },
  };
}

const derive = promisify<string, string, number, ScryptOptions, Buffer>(scrypt);

/** Some 20 ms of one core: little for a command, much for an attacker who tries passwords out. */
const COST = { cost: 4_096 };

/**
 * Tells one user and password from another without giving either away: made to be slow, so that passwords are not
 * tried out against what can be read in Redis.
 */
async function digestOf(url: string): Promise<string> {
  const { host, username, password } = new URL(url);
  return (await derive(password, `cozy-fleet ${username}@${host}`, 16, COST)).toString('hex');
}
