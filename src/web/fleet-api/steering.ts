import type { FastifyRequest } from 'fastify';
import { retryJob } from '../../jobs/queue/retry-job.ts';
import { type CancelledBatch, cancelBatch } from '../../operations/batches/cancel-batch.ts';
import {
  type RefusedRow,
  type RetriedBatch,
  type RetriedCauses,
  retryBatch,
} from '../../operations/batches/retry-batch.ts';
import { type CancelledJob, cancelJob } from '../../operations/jobs/cancel-job.ts';
import { findJob } from '../../operations/jobs/find-job.ts';
import { actorOf, authorOf } from '../http/actor.ts';
import type { WebContext } from '../web-context.ts';

/** Rows that could not be queued again which are named. */
const MOST_REFUSED = 100;

/** Who asks. */
type Asker = Pick<FastifyRequest, 'ip'>;

/** A batch of which rows were queued again. */
export interface SteeredBatch extends Omit<RetriedBatch, 'changed'> {
  /** The first of those that were refused. */
  readonly refusedRows: readonly RefusedRow[];
}

/**
 * What the operator does with batches and jobs, be it by a program or on a page: each of it goes to the log, with who
 * wanted it and why. A reason may be empty.
 */
export interface Steering {
  /** @param causes only of rows that stopped there, or so @throws InputError `unknown_batch` */
  retryBatch(asker: Asker, id: string, reason: string, causes?: RetriedCauses): Promise<SteeredBatch>;
  /** @throws InputError `unknown_batch`, FleetError `ended` */
  cancelBatch(asker: Asker, id: string, reason: string): Promise<CancelledBatch>;
  /** @param named id of the job, or a name of its instance @returns its id @throws as `findJob` and `retryJob` */
  retryJob(asker: Asker, named: string, reason: string): Promise<string>;
  /** @param named id of the job, or a name of its instance @throws as `findJob`; FleetError `ended` */
  cancelJob(asker: Asker, named: string, reason: string): Promise<CancelledJob>;
}

export function createSteering({ fleet, log }: Pick<WebContext, 'fleet' | 'log'>): Steering {
  return {
    async retryBatch(asker, id, reason, causes) {
      const refusedRows: RefusedRow[] = [];
      const onRefused = (row: RefusedRow): void => {
        if (refusedRows.length < MOST_REFUSED) refusedRows.push(row);
      };
      const author = authorOf(asker, reason);
      const { queued, refused } = await retryBatch(await fleet(), id, author, onRefused, causes);
      log.info('batch retried', { batch: id, by: actorOf(asker), reason });
      return { queued, refused, refusedRows };
    },
    async cancelBatch(asker, id, reason) {
      const cancelled = await cancelBatch(await fleet(), id, authorOf(asker, reason));
      log.info('batch cancelled', { batch: id, by: actorOf(asker), reason });
      return cancelled;
    },
    async retryJob(asker, named, reason) {
      const opened = await fleet();
      const { id: jobId = '' } = await findJob(opened, named);
      await retryJob(opened, jobId, authorOf(asker, reason));
      log.info('job retried', { job: jobId, by: actorOf(asker), reason });
      return jobId;
    },
    async cancelJob(asker, named, reason) {
      const opened = await fleet();
      const cancelled = await cancelJob(opened, await findJob(opened, named), authorOf(asker, reason));
      log.info('job cancelled', { job: cancelled.jobId, by: actorOf(asker), reason });
      return cancelled;
    },
  };
}
