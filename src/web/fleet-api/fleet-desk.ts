import { FleetError, InputError } from '../../errors.ts';
import type { KeyedFleet } from '../../jobs/fleet/fleet.ts';
import { DEFAULT_TRIES } from '../../jobs/kinds/envelope.ts';
import type { BatchReport, BatchReporter } from '../../operations/batches/run-batch.ts';
import { type CheckedUpload, checkUpload, type Upload } from '../../operations/instances/check-upload.ts';
import type { BatchNaming } from '../../operations/instances/prepared-batch.ts';
import { heldPlan } from '../../operations/plan/held-plan.ts';
import { withPlanServices } from '../../operations/plan/open-plan.ts';
import { runPlan } from '../../operations/plan/run-plan.ts';
import type { WebContext } from '../web-context.ts';
import { createFleetFeeds, type FeedLimits, type FleetFeeds } from './fleet-feeds.ts';
import { makeUploadPlan, type UploadPlan } from './upload-plan.ts';

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
  /** What it would do: looked at for the first who asks, and the same for all others. @throws as `makeUploadPlan` */
  plan(actor: string): Promise<UploadPlan>;
  /**
   * Runs just that plan, as `submit`: each of its rows that has something to do is looked at once more.
   * @throws FleetError `guard`, InputError `no_rows` where none has
   */
  run(plan: UploadPlan, naming: Omit<BatchNaming, 'tries'>, actor: string): Promise<SubmittedBatch>;
  close(): Promise<void>;
}

/** What makes a batch. */
type Queueing = (fleet: KeyedFleet, report: BatchReporter) => Promise<unknown>;

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
  async function queue(work: Queueing, actor: string, onMade: (made: SubmittedBatch) => void): Promise<void> {
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
    try {
      await work(await context.fleet(), report);
    } catch (error) {
      if (batch !== '') log.error('batch not queued', { batch, error });
      throw error;
    }
  }

  /** Answers once the batch is there; its end changes nothing for whoever asked then. */
  function inBackground(work: Queueing, actor: string, close: () => Promise<void>): Promise<SubmittedBatch> {
    return new Promise((resolve, reject) => {
      const running = queue(work, actor, resolve)
        .catch(reject)
        .finally(close)
        .catch((error: unknown) => {
          log.error('upload not closed', { error });
        });
      queueing.add(running);
      void running.finally(() => queueing.delete(running));
    });
  }

  function runningPlan(
    { plan, head }: UploadPlan,
    { name = head.name, reason, howeverMany, steering, ...naming }: Omit<BatchNaming, 'tries'>,
    actor: string,
  ): Queueing {
    const { config, couch, stopping: signal } = context;
    return async (fleet, report) => {
      const done = await withPlanServices(config, couch, (services) =>
        runPlan(
          services,
          fleet,
          heldPlan({ ...head, name, reason }, plan),
          {
            async: true,
            waitMs: undefined,
            signal,
            actor,
            guardPercent: config.fleet.guardPercent,
            howeverMany,
            steering,
            maxFailures: naming.maxFailures,
            notify: naming.notify ?? config.fleet.notify,
          },
          report,
        ),
      );
      if (done.state === 'nothing') throw new InputError('no_rows', 'no row has anything to do');
      if (done.state === 'again') {
        report({ event: 'made', batchId: done.batch.id, total: done.batch.total });
      }
    };
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
      let planning: Promise<UploadPlan> | undefined;
      return {
        checked,
        close,
        submit: (naming, actor) =>
          inBackground(
            (fleet, report) => checked.submit(fleet, naming, { actor, signal: context.stopping }, report),
            actor,
            close,
          ),
        async plan(by) {
          planning ??= makeUploadPlan(context, checked, { tries: DEFAULT_TRIES, by });
          try {
            return await planning;
          } catch (error) {
            // Whoever asks next may find what was away.
            planning = undefined;
            throw error;
          }
        },
        run: (plan, naming, actor) => inBackground(runningPlan(plan, naming, actor), actor, close),
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
