import { takeFromDead } from '../../jobs/queue/take-from-dead.ts';
import type { Keys } from '../../jobs/redis/keys.ts';
import type { Log } from '../../logger.ts';
import type { RedisClient } from '../../redis/client.ts';
import { type MachineDirectory, openMachineDirectory } from './machine-directory.ts';
import { showPresence } from './presence.ts';
import { watchNeighbours } from './watch-neighbours.ts';

/** What a worker has to do with the others on its machine. */
export interface Neighbours {
  /** Looks after them no longer. */
  stop(): void;
  /** Is seen by them no longer: only when the worker has no job any more. */
  leave(): Promise<void>;
}

export interface NeighboursOptions {
  readonly redis: RedisClient;
  readonly keys: Keys;
  readonly workerId: string;
  /** Where workers of this machine and user meet; made where it is not there. */
  readonly directory: string;
  /** Has the jobs taken up that are stalled now. */
  takeUpStalled(): Promise<void>;
  readonly log: Log;
}

const NOBODY: Neighbours = { stop: () => undefined, leave: async () => undefined };

/**
 * Has the jobs of workers taken up that die on this machine, without waiting for their locks to run out, and sees to it that
 * the others can do so for this one. To be awaited before a job is taken. Where that cannot be, the locks decide.
 */
export async function joinNeighbours(options: NeighboursOptions): Promise<Neighbours> {
  const { log } = options;
  try {
    const directory = await openMachineDirectory(options.directory);
    if (!('unsuitable' in directory)) return await meetIn(directory, options);
    log.info('killed workers are known by their locks alone', { reason: directory.unsuitable });
  } catch (error) {
    log.warn('killed workers are known by their locks alone', { error });
  }
  return NOBODY;
}

async function meetIn(directory: MachineDirectory, options: NeighboursOptions): Promise<Neighbours> {
  const { redis, keys, workerId, takeUpStalled, log } = options;
  try {
    await directory.removeForgotten();
    const presence = await showPresence(directory, workerId);
    const watch = watchNeighbours({
      directory,
      self: workerId,
      async onDead(deadWorker) {
        const jobs = await takeFromDead({ redis, keys }, deadWorker);
        if (jobs.length === 0) return;
        log.warn('worker found dead', { deadWorker, total: jobs.length });
        await takeUpStalled();
      },
      onError: (error) => log.warn('neighbours', { error }),
    });
    return {
      stop: () => watch.stop(),
      async leave() {
        await presence.leave();
        await directory.close();
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
