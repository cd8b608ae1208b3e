import type { CouchServer } from '../../couchdb/server.ts';
import { FleetError } from '../../errors.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import type { DateOfJob } from '../kinds/envelope.ts';
import { endedDate, type StoredDate } from './date-document.ts';
import { createDateStore, type DateStore } from './date-store.ts';
import { refuseDue } from './judge-date.ts';

/** A job that is for a date. */
export interface DatedJob {
  /** The CouchDB of `couchdb.url`. */
  readonly global: CouchServer;
  readonly jobId: string;
  readonly date: DateOfJob;
  readonly signal: AbortSignal;
}

/** Tries to write against others that write the same date: each of them does so once or twice. */
const TRIES = 10;

/**
 * The date of a job as it stands at this moment.
 * @throws Refusal `date_gone` where it was taken back or set anew since the job was queued
 */
export async function requireDate(store: DateStore, job: DatedJob): Promise<StoredDate> {
  const found = await findDate(store, job);
  if (found !== undefined) return found;
  throw new Refusal(
    'date_gone',
    'the date that this job was for was taken back, or set anew, after the job had been queued',
    'Nothing was touched. Dates that are set: cozy-fleet dates ls.',
  );
}

/**
 * Asks for the date of a job once more, right before the job begins with its instance, and writes into it that it has:
 * under its revision, so that of a job that begins and an operator who takes the date back one is first, and both know
 * which. That an earlier attempt ended, after which the job was tried again, is true no more. May be repeated by the same job.
 * @throws Refusal `date_gone`, and those of `refuseDue`, which are noted with the date: it is not tried again by itself
 */
export async function claimDate(job: DatedJob, instance: StoredInstance): Promise<StoredDate> {
  const store = createDateStore(job.global);
  for (let left = TRIES; left > 0; left -= 1) {
    const found = await requireDate(store, job);
    try {
      refuseDue(found, instance);
    } catch (error) {
      // That somebody else was faster is fine: that one says more.
      if (error instanceof Refusal) await store.write([endedDate(found, error)], job.signal);
      throw error;
    }
    const begun = await begin(store, found, job);
    if (begun !== undefined) return begun;
  }
  throw neverWritten(job.date);
}

/**
 * Asks for the date again once the job has begun with its instance: after its flag was set nothing of the instance is asked
 * for any more that `claimDate` has asked. May be repeated.
 * @throws Refusal `date_gone` where it was taken back, or set anew, since
 */
export async function keepDate(job: DatedJob): Promise<void> {
  const store = createDateStore(job.global);
  for (let left = TRIES; left > 0; left -= 1) {
    const found = await findDate(store, job);
    if (found === undefined) {
      throw new Refusal(
        'date_gone',
        'the date that this job is for was taken back, or set anew, after the job had begun',
        'Nothing more was touched. To keep the instance: cozy-fleet instances modify --deleting=false, then --blocked=false if it was shut already.',
      );
    }
    if ((await begin(store, found, job)) !== undefined) return;
  }
  throw neverWritten(job.date);
}

/** @returns the date with the job that has begun, as it is stored; undefined where somebody else has written it meanwhile */
async function begin(
  store: DateStore,
  found: StoredDate,
  { jobId, signal }: DatedJob,
): Promise<StoredDate | undefined> {
  if (found.begun?.job === jobId && found.ended === undefined) return found;
  const { ended: _, ...date } = found;
  const [begun] = await store.write([{ ...date, begun: { job: jobId } }], signal);
  return begun;
}

async function findDate(store: DateStore, { date, signal }: DatedJob): Promise<StoredDate | undefined> {
  const found = await store.get(date.id, signal);
  return found !== undefined && found !== 'unreadable' && found.batch === date.batch ? found : undefined;
}

function neverWritten({ id }: DateOfJob): FleetError {
  return new FleetError('couchdb', `the date ${id} is written by others again and again`, '', {
    kind: 'retry',
  });
}
