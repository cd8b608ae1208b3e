import type { FastifyRequest } from 'fastify';
import {
  limitConcurrency,
  limitRate,
  pauseQueue,
  type RateLimit,
  resumeQueue,
} from '../../jobs/queue/queue-controls.ts';
import type { WorkerState } from '../../jobs/redis/worker-heartbeat.ts';
import { drainWorker, undrainWorker } from '../../operations/queue/drain-worker.ts';
import { actorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';

/** Who asks. */
type Asker = Pick<FastifyRequest, 'ip'>;

/** Limits of the queue as a whole: null takes one away, and what is absent stays. */
export interface QueueChange {
  /** Most jobs at a time in all workers together. */
  readonly concurrency?: number | null | undefined;
  /** Most jobs that begin within some time. */
  readonly rate?: RateLimit | null | undefined;
}

/**
 * What the operator does with the queue as a whole and with workers, be it by a program or on a page: each of it goes to the
 * log, with who wanted it and why. A reason may be empty.
 */
export interface QueueSteering {
  pause(asker: Asker, reason: string): Promise<void>;
  resume(asker: Asker, reason: string): Promise<void>;
  limit(asker: Asker, change: QueueChange, reason: string): Promise<void>;
  /** @param worker its id, or how no other one begins @returns it as it was before @throws InputError `unknown_worker` */
  drain(asker: Asker, worker: string, reason: string): Promise<WorkerState>;
  /** Has it take jobs again. @throws InputError `unknown_worker` */
  undrain(asker: Asker, worker: string, reason: string): Promise<WorkerState>;
}

export function createQueueSteering({ fleet, log }: Pick<WebContext, 'fleet' | 'log'>): QueueSteering {
  const whoOf = (asker: Asker, reason: string) => ({ by: actorOf(asker), reason, at: Date.now() });
  return {
    async pause(asker, reason) {
      await pauseQueue(await fleet(), whoOf(asker, reason));
      log.info('queue paused', { by: actorOf(asker), reason });
    },
    async resume(asker, reason) {
      await resumeQueue(await fleet());
      log.info('queue resumed', { by: actorOf(asker), reason });
    },
    async limit(asker, { concurrency, rate }, reason) {
      const opened = await fleet();
      const who = whoOf(asker, reason);
      if (concurrency !== undefined) await limitConcurrency(opened, concurrency ?? undefined, who);
      if (rate !== undefined) await limitRate(opened, rate ?? undefined, who);
      log.info('queue limits changed', { by: actorOf(asker), reason });
    },
    async drain(asker, named, reason) {
      const worker = await drainWorker(await fleet(), named, whoOf(asker, reason));
      log.info('worker drained', { worker: worker.id, by: actorOf(asker), reason });
      return worker;
    },
    async undrain(asker, named, reason) {
      const worker = await undrainWorker(await fleet(), named);
      log.info('worker takes jobs again', { worker: worker.id, by: actorOf(asker), reason });
      return worker;
    },
  };
}
