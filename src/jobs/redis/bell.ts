import { onAbort } from '../../couchdb/on-abort.ts';
import { duplicateClient, type RedisClient } from '../../redis/client.ts';

/** What is published on the channels of jobs and batches. It only wakes somebody up: what there is to know is read. */
export const RING = { change: 'change', end: 'end' } as const;

/** Hears what is published on a channel, on a connection of its own. */
export interface Bell {
  /**
   * Resolves when it has rung since the last call, a while later at the latest, for messages get lost and not everybody who
   * changes something rings; and as soon as the signal is aborted.
   */
  rung(signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface BellOptions {
  /** Milliseconds between two looks as long as nothing can be heard. */
  readonly deafMs: number;
  /** Milliseconds between two looks that nobody rang for. */
  readonly quietMs: number;
  /** Milliseconds after a look in which nothing but an end is worth another one. */
  readonly restMs: number;
}

/**
 * Listens from when its connection is there, and rings then, for what came before was not heard. Where no connection comes
 * about, or the Redis user may not listen, it rings by the clock.
 */
export function createBell(
  redis: RedisClient,
  channel: string,
  { deafMs, quietMs, restMs }: BellOptions,
): Bell {
  const subscriber = duplicateClient(redis);
  let hears = false;
  let ringing: keyof typeof RING | undefined;
  let lastLook = Number.NEGATIVE_INFINITY;
  let notice = (): void => undefined;

  function ring(how: keyof typeof RING): void {
    if (ringing !== 'end') ringing = how;
    notice();
  }

  /** Milliseconds until the next look, as things are. */
  function left(): number {
    const pause = ringing === undefined ? (hears ? quietMs : deafMs) : ringing === 'end' ? 0 : restMs;
    return lastLook + pause - performance.now();
  }

  subscriber.on('message', (_channel, message) => ring(message === RING.end ? 'end' : 'change'));
  subscriber.on('error', () => undefined);
  subscriber.on('close', () => {
    hears = false;
    notice();
  });
  // After each loss of the connection as well: who knows what was missed.
  subscriber.on('ready', () => {
    subscriber.subscribe(channel).then(
      () => {
        hears = true;
        ring('end');
      },
      () => undefined,
    );
  });

  return {
    async rung(signal) {
      lastLook = performance.now();
      await new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        let timer: NodeJS.Timeout | undefined;
        const end = (): void => {
          clearTimeout(timer);
          forgetSignal();
          notice = () => undefined;
          resolve();
        };
        const forgetSignal = onAbort(signal, end);
        notice = () => {
          clearTimeout(timer);
          const ms = left();
          if (ms <= 0) end();
          else timer = setTimeout(end, ms);
        };
        notice();
      });
      ringing = undefined;
    },

    close: () => subscriber.disconnect(),
  };
}
