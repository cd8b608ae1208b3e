import type { Config } from '../config/config.ts';
import type { InstanceFilter } from '../instances/lookup/instance-filter.ts';
import type { JobKind, JobOutcome, Work } from '../jobs/payload.ts';
import { domainOf } from '../jobs/payload.ts';
import { type BatchRun, runBatch, type StartedBatch } from './batch/run-batch.ts';
import type { Couch } from './couch.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { startPace } from './pace.ts';
import { startPatience } from './patience.ts';
import type { Chosen } from './targets/choose.ts';
import type { Target } from './targets/target.ts';
import { outcomeText, submitOne, watchJob } from './watch-job.ts';
import { withKeyedFleet } from './with-fleet.ts';

/** How work on instances that are there is queued and waited for. */
export interface WorkRun extends Pick<BatchRun, 'reason' | 'maxFailures' | 'async' | 'wait' | 'json'> {
  readonly config: Config;
  /** Name of the batch, when one is given. */
  readonly name: string | undefined;
  readonly tries: number;
  readonly output: Output;
}

/** The same, with the CouchDB that has the fleet's key: jobs are signed with it. */
export interface QueuedWork extends WorkRun {
  readonly couch: Pick<Couch, 'global'>;
}

/** What a command answers with `--json` that works on one instance. */
export interface OneDone {
  readonly domain: string;
  /** `queued` and `running`: the work goes on without us. */
  readonly outcome: JobOutcome | 'queued' | 'running';
  readonly jobId: string;
}

export interface Ran<Answer> {
  readonly answer: Answer;
  readonly exitCode: ExitCode;
}

/** Queues one job and waits for its end. @throws FleetError when it failed or other work holds the domain */
export async function runOne(
  { config, couch, async, wait, output, tries }: QueuedWork,
  work: Exclude<Work, { kind: 'create' }>,
): Promise<Ran<OneDone>> {
  const { kind } = work;
  const domain = domainOf(work);
  const patience = startPatience();
  try {
    return await withKeyedFleet(config, couch.global, async (fleet) => {
      const jobId = await submitOne(fleet, { work, tries }, output);
      if (async) {
        output.line(`Queued as job ${jobId}. Watch it: cozy-fleet jobs watch ${jobId}`);
        return { answer: { domain, outcome: 'queued', jobId }, exitCode: EXIT.done };
      }
      patience.startClock(wait);
      const end = await watchJob({ fleet, output }, { kind, domain, jobId }, patience);
      if (end.state === 'running') {
        return { answer: { domain, outcome: 'running', jobId }, exitCode: end.exitCode };
      }
      output.line(outcomeText(kind, end.outcome, domain));
      return { answer: { domain, outcome: end.outcome, jobId }, exitCode: EXIT.done };
    });
  } finally {
    patience.stop();
  }
}

/** Work on many instances. */
export interface ManyWork<Each extends Target> {
  readonly kind: JobKind;
  /** Closed in the end. */
  readonly chosen: Chosen<Each>;
  /** Most instances that are begun in a second; absent = as many as workers can. */
  readonly rate?: number | undefined;
  /** Asks, or looks whether all is well, once it is known that there is something to do. */
  before?(): Promise<void>;
  /** @param filter what the instance must still be when its turn comes */
  workOf(target: Each, filter: InstanceFilter | undefined): Work;
}

/** Queues a job for each instance as a batch, and shows it until its end; no batch when none is meant. */
export async function runMany<Each extends Target>(
  run: QueuedWork,
  { kind, chosen, rate, before, workOf }: ManyWork<Each>,
): Promise<Ran<StartedBatch | undefined>> {
  const { tries, output } = run;
  const { filter } = chosen;
  async function* chunks() {
    const pace = rate === undefined ? undefined : startPace(rate);
    for await (const page of chosen.pages()) {
      yield page.map((target) => ({
        row: target.row,
        tries,
        delay: pace?.(),
        work: workOf(target, filter),
      }));
    }
  }
  try {
    if (chosen.total === 0) {
      output.line(`No instance is meant ${chosen.described}.`);
      return { answer: undefined, exitCode: exitCodeOf(EXIT.done, chosen) };
    }
    await before?.();
    const ran = await withKeyedFleet(run.config, run.couch.global, (fleet) =>
      runBatch({
        ...run,
        fleet,
        kind,
        name: run.name ?? chosen.name,
        total: chosen.total,
        chunks: chunks(),
      }),
    );
    return { ...ran, exitCode: exitCodeOf(ran.exitCode, chosen) };
  } finally {
    await chosen.close();
  }
}

/** Where all that was begun is well, that others were passed over is to be told still. */
function exitCodeOf(code: ExitCode, { passedOver }: Pick<Chosen, 'passedOver'>): ExitCode {
  return code === EXIT.done && passedOver > 0 ? EXIT.partlyFailed : code;
}
