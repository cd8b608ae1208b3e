import { FleetError } from '../../errors.ts';
import type { BatchReport } from '../../operations/batches/run-batch.ts';
import { type CheckedUpload, checkUpload, type Upload } from '../../operations/instances/check-upload.ts';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';
import type { WebContext } from '../web-context.ts';
import { createFleetFeeds, type FeedLimits, type FleetFeeds } from './fleet-feeds.ts';

export interface DeskLimits extends FeedLimits {
  /** Uploads that are read, checked or queued at a time: each keeps a copy on the disk. */
  readonly mostUploads: number;
}

export const DESK_LIMITS: DeskLimits = {
  mostStreams: 200,
  periodMs: 1_000,
  heartbeatMs: 15_000,
  patienceMs: 15_000,
  mostUploads: 16,
};

/** A batch that was made; its rows are being queued. */
export interface SubmittedBatch {
  readonly batch: string;
  /** Rows that will be queued. */
  readonly total: number;
}

/** An upload that holds one of the few places until it is closed, or until all of it is queued. */
export interface UploadOnDesk {
  readonly checked: CheckedUpload;
  /**
   * Makes the batch and answers; its rows are queued meanwhile, whether anybody waits or not, until the server stops.
   * The upload is closed by itself then.
   */
  submit(naming: BatchNaming, actor: string): Promise<SubmittedBatch>;
  close(): Promise<void>;
}

/** What the routes and pages of a server's fleet share. */
export interface FleetDesk {
  readonly feeds: FleetFeeds;
  /** @throws FleetError `server_busy`, and as `checkUpload` */
  check(upload: Upload): Promise<UploadOnDesk>;
  /** Uploads that hold a place. */
  readonly uploads: number;
  /** Ends the streams, and waits until the rows that were being queued are counted. */
  close(): Promise<void>;
}

const desks = new WeakMap<WebContext, FleetDesk>();

/** The desk of a server: the same for all its routes. @param limits of the first who asks */
export function deskOf(context: WebContext, limits: DeskLimits = DESK_LIMITS): FleetDesk {
  const known = desks.get(context);
  if (known !== undefined) return known;
  const desk = createDesk(context, limits);
  desks.set(context, desk);
  return desk;
}

function createDesk(context: WebContext, limits: DeskLimits): FleetDesk {
  const { log } = context;
  const feeds = createFleetFeeds(limits);
  const queueing = new Set<Promise<void>>();
  let uploads = 0;

  function takePlace(): () => void {
    if (uploads >= limits.mostUploads) {
      throw new FleetError(
        'server_busy',
        `${uploads} uploads are being taken in, and no more may be at a time`,
      );
    }
    uploads += 1;
    let isHeld = true;
    return () => {
      if (isHeld) uploads -= 1;
      isHeld = false;
    };
  }

  /** Queues all rows; calls back once the batch is there. */
  async function queue(
    checked: CheckedUpload,
    naming: BatchNaming,
    actor: string,
    onMade: (made: SubmittedBatch) => void,
  ): Promise<void> {
    let batch = '';
    const report = (told: BatchReport): void => {
      if (told.event === 'made') {
        batch = told.batchId;
        log.info('batch made', { batch, total: told.total, by: actor });
        onMade({ batch, total: told.total });
      } else if (told.event === 'cut-short') {
        log.warn('batch cut short', { batch, queued: told.queued, total: told.total });
      }
    };
    const fleet = await context.fleet();
    try {
      await checked.submit(fleet, naming, { actor, signal: context.stopping }, report);
    } catch (error) {
      if (batch !== '') log.error('batch not queued', { batch, error });
      throw error;
    }
  }

  return {
    feeds,
    async check(upload) {
      const givePlaceBack = takePlace();
      let checked: CheckedUpload;
      try {
        checked = await checkUpload(context, upload);
      } catch (error) {
        givePlaceBack();
        throw error;
      }
      const close = async (): Promise<void> => {
        givePlaceBack();
        await checked.close();
      };
      return {
        checked,
        close,
        submit: (naming, actor) =>
          new Promise((resolve, reject) => {
            // Once the batch is there, its end changes nothing for whoever asked.
            const running = queue(checked, naming, actor, resolve)
              .catch(reject)
              .finally(close)
              .catch((error: unknown) => {
                log.error('upload not closed', { error });
              });
            queueing.add(running);
            void running.finally(() => queueing.delete(running));
          }),
      };
    },
    get uploads() {
      return uploads;
    },
    async close() {
      feeds.close();
      await Promise.all(queueing);
    },
  };
}
