import type { Redis } from 'ioredis';
import { redisAddress, type SingleRedis } from '../config/redis-target.ts';
import { FleetError, toError } from '../errors.ts';
import { createServerClient } from './client.ts';
import { isNotNow, refusedCommand } from './refusals.ts';

/** A command that will be needed, with arguments as it will have them. */
export type NeededCommand = readonly [name: string, ...args: (string | number)[]];

export interface ProbeOptions {
  readonly target: SingleRedis;
  /** What the operator has to correct, such as `fleet.redis_url`. */
  readonly setting: string;
  /** None of them is carried out. */
  readonly needs: readonly NeededCommand[];
}

export interface ProbeResult {
  readonly isCluster: boolean;
  /** Whether INFO may be asked. */
  readonly mayAskInfo: boolean;
}

/**
 * Looks at a Redis over a connection of its own before it is used, and changes nothing there.
 * @throws FleetError `redis_unreachable`, `redis_replica` (both may pass), `redis_login`, `redis_database`,
 * `redis_sentinel`, `redis_forbidden`; their texts name host and port, never credentials
 */
export async function probeServer({ target, setting, needs }: ProbeOptions): Promise<ProbeResult> {
  const address = redisAddress(target);
  const redis = createServerClient(target, 'command', { mayAskInfo: true }, ONCE);
  let reason: Error | undefined;
  let ofSentinel: Error | undefined;
  const listen = (thrown: unknown) => {
    reason = moreTelling(reason, toError(thrown));
  };
  redis.on('error', listen);
  redis.on('sentinelError', (thrown: unknown) => {
    ofSentinel ??= toError(thrown);
  });
  try {
    await redis.connect();
    const { mode, role } = await greeting(redis);
    if (mode === 'sentinel') throw isSentinel(address, setting);
    const mayAskInfo = await canAskInfo(redis);
    const answers = await tryOut(redis, needs, mode !== '');
    const forbidden = [...answers].flatMap(([name, error]) =>
      error.message.startsWith('NOPERM') ? [name] : [],
    );
    if (forbidden.length > 0) throw mayNot(address, target.username ?? 'default', [...new Set(forbidden)]);
    // Of a cluster, another node may be the one to ask.
    if (mode === 'cluster') return { isCluster: true, mayAskInfo };
    const notNow = [...answers.values()].find(isNotNow);
    if (role === 'replica' || notNow?.message.includes('READONLY')) throw isReplica(address, setting);
    if (notNow !== undefined) throw notNow;
    return { isCluster: false, mayAskInfo };
  } catch (thrown) {
    if (thrown instanceof FleetError) throw thrown;
    throw unusable(ofSentinel ?? reason ?? toError(thrown), { target, setting, address });
  } finally {
    redis.disconnect();
  }
}

/** One try, and nothing that was left unanswered is sent a second time. */
export const ONCE = {
  lazyConnect: true,
  enableReadyCheck: false,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  autoResendUnfulfilledCommands: false,
  reconnectOnError: null,
};

/** What comes after the server said why is only that the connection has ended. */
function moreTelling(before: Error | undefined, next: Error): Error {
  if (before === undefined) return next;
  return refusedCommand(next) !== undefined || refusedCommand(before) === undefined ? next : before;
}

/** What it says of itself; a server without HELLO is older than any of these. */
async function greeting(redis: Redis): Promise<{ readonly mode: string; readonly role: string }> {
  const answer = await redis.call('HELLO').catch((thrown: unknown) => {
    if (refusedCommand(toError(thrown)) === undefined) throw thrown;
    return [];
  });
  const parts = Array.isArray(answer) ? answer.map(String) : [];
  const about = (name: string): string => {
    const at = parts.indexOf(name);
    return at === -1 ? '' : (parts[at + 1] ?? '');
  };
  return { mode: about('mode'), role: about('role') };
}

async function canAskInfo(redis: Redis): Promise<boolean> {
  try {
    await redis.info('server');
    return true;
  } catch (thrown) {
    const { message } = toError(thrown);
    if (message.startsWith('NOPERM')) return false;
    throw thrown;
  }
}

/**
 * What the server says to commands that it only puts into a transaction, which ends with the connection:
 * it looks at permissions then already.
 */
async function tryOut(
  redis: Redis,
  needs: readonly NeededCommand[],
  knowsUsers: boolean,
): Promise<Map<string, Error>> {
  const refused = new Map<string, Error>();
  const ask = async (name: string, sent: Promise<unknown>): Promise<void> => {
    try {
      await sent;
    } catch (thrown) {
      const error = toError(thrown);
      if (refusedCommand(error) === undefined) throw error;
      refused.set(name, error);
    }
  };
  const isSubscription = ([name]: NeededCommand): boolean => name === 'subscribe';
  // A client cannot read what a transaction answers to these; older servers leave no other command afterwards.
  const subscriptions = knowsUsers ? needs.filter(isSubscription) : [];
  const subscribed = subscriptions.map(([name, ...args]) => ask(name, redis.subscribe(...args.map(String))));
  const begun = ask('multi', redis.call('MULTI'));
  // In capitals, for the client would take the answers of some for what they usually are.
  const asked = needs
    .filter((each) => !isSubscription(each))
    .map(([name, ...args]) => ask(name, redis.call(name.toUpperCase(), ...args)));
  await Promise.all([...subscribed, begun, ...asked]);
  return refused;
}

function unusable(
  error: Error,
  { target, setting, address }: Pick<ProbeOptions, 'target' | 'setting'> & { readonly address: string },
): FleetError {
  const { message } = error;
  const command = refusedCommand(error);
  if (command === 'select' && message.includes('NOPERM')) {
    return mayNot(address, target.username ?? 'default', ['select']);
  }
  if (command === 'select') {
    return new FleetError(
      'redis_database',
      `Redis at ${address} has no database ${target.database}`,
      `Name one in ${setting} that it has: 0 is always there, its own setting \`databases\` says how many there are.`,
    );
  }
  if (/^(WRONGPASS|NOAUTH)|invalid username-password|without any password configured/.test(message)) {
    return new FleetError(
      'redis_login',
      `Redis at ${address} does not let us in: ${message}`,
      `Check user and password in ${setting}.`,
    );
  }
  if (isNotNow(error)) {
    return new FleetError(
      'redis_unreachable',
      `Redis at ${address} cannot be used now: ${message}`,
      'Wait until it can be, and look at its log and its replicas if that takes long.',
    );
  }
  return new FleetError(
    'redis_unreachable',
    `Redis does not answer at ${address}: ${inWords(error, target)}`,
    `Start it (cozy-fleet up starts one), or set ${setting}.`,
  );
}

function inWords({ message }: Error, target: SingleRedis): string {
  if (message.startsWith('Socket timeout')) return 'the connection is open, but nothing is answered';
  if (target.kind === 'sentinel' && /invalid reply|No such master/.test(message)) {
    return `no sentinel knows a master ${target.master}`;
  }
  return message;
}

function isSentinel(address: string, setting: string): FleetError {
  return new FleetError(
    'redis_sentinel',
    `${address} is a sentinel, which keeps no data`,
    `Instead of ${setting}, set fleet.redis with its address in addrs and the name of the master in master.`,
  );
}

function isReplica(address: string, setting: string): FleetError {
  return new FleetError(
    'redis_replica',
    `Redis at ${address} is a replica, which takes no writes`,
    `Name the master in ${setting}, or have sentinels asked for it: fleet.redis with addrs and master.`,
  );
}

function mayNot(address: string, username: string, commands: readonly string[]): FleetError {
  return new FleetError(
    'redis_forbidden',
    `Redis at ${address} does not let the user ${username} use ${commands.join(', ')} on the keys and channels of the fleet`,
    'Allow them (ACL SETUSER); the section "Redis" of the README has the whole rule.',
  );
}
