import type { FastifyRequest } from 'fastify';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import type { CheckedUpload } from '../../operations/instances/check-upload.ts';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';
import { actorOf } from '../auth/operator-actor.ts';
import type { WebContext } from '../web-context.ts';

/** Work that goes on after the answer to whoever wanted it. */
export interface Background extends Pick<WebContext, 'log' | 'stopping'> {
  /** Keeps it from being forgotten when the server closes. */
  add(work: Promise<void>): void;
  /** Once all of it has ended. */
  ended(): Promise<void>;
}

export function createBackground({ log, stopping }: WebContext): Background {
  const running = new Set<Promise<void>>();
  return {
    log,
    stopping,
    add(work) {
      running.add(work);
      void work.finally(() => running.delete(work));
    },
    async ended() {
      await Promise.all(running);
    },
  };
}

/**
 * Queues a file that was checked, and answers the id of its batch as soon as there is one. A server that is stopped
 * meanwhile queues no further rows, and the batch says how many it has.
 * @throws whatever kept the batch from being made
 */
export async function submitInBackground(
  background: Background,
  fleet: KeyedFleet,
  upload: CheckedUpload,
  naming: BatchNaming,
  request: FastifyRequest,
): Promise<string> {
  const { log, stopping } = background;
  return await new Promise((resolve, reject) => {
    let batchId: string | undefined;

    async function submit(): Promise<void> {
      try {
        const options = { actor: actorOf(request), signal: stopping };
        await upload.submit(fleet, naming, options, (report) => {
          if (report.event !== 'made') return;
          batchId = report.batchId;
          resolve(batchId);
        });
      } catch (error) {
        if (batchId === undefined) reject(error);
        else log.error('not all rows of a file could be queued', { batchId, error });
      } finally {
        await upload.close();
      }
    }

    background.add(submit());
  });
}
