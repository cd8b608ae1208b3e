import { type DrainOrder, obeyDrain } from '../../jobs/redis/drain-orders.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import { BEAT_MS, beat, type WorkerBeat } from '../../jobs/redis/worker-heartbeat.ts';
import type { Log } from '../../logger.ts';
import type { RedisClient } from '../../redis/client.ts';

export interface HeartbeatOptions {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly log: Log;
  /** What the worker says of itself now. */
  state(): WorkerBeat;
  /** Told when an operator wants the worker to take no further job, and when it may again. */
  onDrain(order: DrainOrder | undefined): Promise<void>;
}

/** Says again and again that a worker lives, and looks what it is to do. */
export interface Heartbeat {
  /** Says it now, too. */
  beat(): Promise<void>;
  /** Whether it was told to take no further job. */
  readonly draining: boolean;
  stop(): void;
}

export function createHeartbeat({ redis, keys, log, state, onDrain }: HeartbeatOptions): Heartbeat {
  let draining = false;
  /** While Redis is away, one waits for it and no crowd. */
  let isUnderWay = false;
  /** A worker that has left must not be listed again. */
  let isStopped = false;

  async function once(): Promise<void> {
    const said = state();
    await beat(redis, keys, said);
    // Looked at with each beat and never told: messages get lost, and what lies there does not.
    const order = await obeyDrain(redis, keys, said.id);
    if ((order !== undefined) === draining) return;
    draining = order !== undefined;
    const about = { by: order?.by, reason: order?.reason };
    if (draining) log.warn('draining', about);
    else log.warn('taking jobs again', about);
    await onDrain(order);
  }

  async function tryOnce(): Promise<void> {
    if (isUnderWay || isStopped) return;
    isUnderWay = true;
    try {
      await once();
    } catch (error) {
      log.warn('heartbeat', { error });
    } finally {
      isUnderWay = false;
    }
  }

  const timer = setInterval(() => void tryOnce(), BEAT_MS);
  return {
    beat: tryOnce,
    get draining() {
      return draining;
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
