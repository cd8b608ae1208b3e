import type { FastifyRequest } from 'fastify';
import type { Batch } from '../../jobs/batches/batches.ts';
import {
  type PausedBatch,
  pauseBatch,
  type ResumedBatch,
  resumeBatch,
  setBatch,
} from '../../operations/batches/steer-batch.ts';
import type { SteeringInput } from '../../operations/batches/steering-input.ts';
import { actorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';

/** Who asks. */
type Asker = Pick<FastifyRequest, 'ip'>;

/**
 * How the operator holds batches back, be it by a program or on a page: each of it goes to the log, with who wanted it and
 * why. A reason may be empty.
 */
export interface BatchSteering {
  /** @throws InputError `unknown_batch`, FleetError `ended`, `halted` */
  pause(asker: Asker, id: string, reason: string): Promise<PausedBatch>;
  /** Lifts a pause, and lets the rows after a canary go on. @throws as `pause` */
  resume(asker: Asker, id: string, reason: string): Promise<ResumedBatch>;
  /** Changes the limits of a batch; what `input` does not name stays. @throws as `pause`; InputError `bad_value` */
  set(asker: Asker, id: string, input: SteeringInput, reason: string): Promise<Batch>;
}

export function createBatchSteering({ fleet, log }: Pick<WebContext, 'fleet' | 'log'>): BatchSteering {
  return {
    async pause(asker, id, reason) {
      const by = actorOf(asker);
      const paused = await pauseBatch(await fleet(), id, { by, reason }, Date.now());
      log.info('batch paused', { batch: id, by, reason });
      return paused;
    },
    async resume(asker, id, reason) {
      const resumed = await resumeBatch(await fleet(), id);
      log.info('batch resumed', { batch: id, by: actorOf(asker), reason });
      return resumed;
    },
    async set(asker, id, input, reason) {
      const batch = await setBatch(await fleet(), id, input);
      log.info('batch limits changed', { batch: id, by: actorOf(asker), reason });
      return batch;
    },
  };
}
