import { UnrecoverableError, Worker } from 'bullmq';
import { shown as withInvisible } from '../../instances/values/characters.ts';
import type { FleetJob } from '../../jobs/fleet/open-queue.ts';
import { didNothing, type JobOutcome } from '../../jobs/kinds/job-kinds.ts';
import { domainOf, type EndedPayload, isEnded, type SignedPayload } from '../../jobs/kinds/payload.ts';
import { failureText, recordEnd } from '../../jobs/queue/ending.ts';
import { runPayload } from '../run-payload.ts';
import type { Attempt } from '../stage/attempt.ts';
import { classify } from './failure.ts';
import { type JobRunnerOptions, RunningJob } from './running-job.ts';

/** Runs one execution of a job. @param token by which the worker holds the job's lock */
export type JobRunner = (job: FleetJob, token: string) => Promise<JobOutcome>;

/** Runs jobs of any kind, each from where its last execution stopped (`ARCHITECTURE.md` §3, §4). */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  return async (job, token) => {
    const payload = readPayload(options, job);
    if (isEnded(payload)) {
      await recordEndAgain(options, job, payload);
      return payload.outcome;
    }
    if (options.stop.aborted || options.isHeld()) throw Worker.RateLimitError();
    const running = new RunningJob(options, { job, token, payload });
    const jobId = job.id ?? '';
    options.onWork({ event: 'began', jobId, kind: payload.kind, domain: domainOf(payload) });
    let attempt: Attempt | undefined;
    try {
      await running.claim();
      attempt = running.attempt();
      const outcome = await runPayload(attempt, payload);
      await running.end(outcome);
      return outcome;
    } catch (error) {
      // Where the job is given back, another worker may have it at once.
      await attempt?.over();
      return await running.fail(error);
    } finally {
      await attempt?.over();
      running.release();
      options.onWork({ event: 'left', jobId });
    }
  };
}

/**
 * A payload that cannot be read fails for good, with the field named, and so does one that is not signed for this
 * job. Nothing that it says is done, not even to a row: `reconcile.ts` ends those that name the job.
 */
function readPayload({ signer, log }: JobRunnerOptions, job: FleetJob): SignedPayload {
  try {
    return signer.read(job);
  } catch (error) {
    const failure = classify(error);
    log.error('job refused', {
      job: shown(job.id ?? ''),
      domain: claimedDomain(job.data),
      code: failure.code,
      error: failure.message,
    });
    throw new UnrecoverableError(failureText(failure));
  }
}

/** The work of such a job is done; its worker died before the queue knew of it. */
async function recordEndAgain(
  options: JobRunnerOptions,
  job: FleetJob,
  payload: SignedPayload & EndedPayload,
): Promise<void> {
  await recordEnd(options, job.id ?? '', payload, {
    state: didNothing(payload.outcome) ? 'skipped' : 'done',
    domain: payload.domain,
    generation: 0,
    attempt: 0,
  });
}

/** Longest text of a payload that goes into a line of the log, in characters. */
const MOST_CHARACTERS = 255;

/** A text of a payload that is not believed, for a line of a log: short, and with nothing in it that steers a terminal. */
export function shown(text: string): string {
  return withInvisible(text.slice(0, MOST_CHARACTERS)).replace(/\p{Cc}/gu, '\ufffd');
}

/** The domain that a payload says it is about, though nothing it says is believed; empty where it names none. */
function claimedDomain(data: unknown): string {
  const domain = memberOf(memberOf(data, 'options') ?? data, 'domain');
  return typeof domain === 'string' ? shown(domain) : '';
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
