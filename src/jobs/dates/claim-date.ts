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
export async function requireDate(store: DateStore, { date, signal }: DatedJob): Promise<StoredDate> {
  const found = await store.get(date.id, signal);
  if (found !== undefined && found !== 'unreadable' && found.batch === date.batch) return found;
  throw new Refusal(
    'date_gone',
    'the date that this job was for was taken back, or set anew, after the job had been queued',
    'Nothing was touched. Dates that are set: cozy-fleet dates ls.',
  );
}

/**
 * Asks for the date of a job once more, right before the job begins with its instance, and writes into it that it has:
 * under its revision, so that of a job that begins and an operator who takes the date back one is first, and both know
 * which. May be repeated by the same job.
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
    if (found.begun?.job === job.jobId) return found;
    const [begun] = await store.write([{ ...found, begun: { job: job.jobId } }], job.signal);
    if (begun !== undefined) return begun;
  }
  throw new FleetError('couchdb', `the date ${job.date.id} is written by others again and again`, '', {
    kind: 'retry',
  });
}
