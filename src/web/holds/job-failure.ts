import { FleetError } from '../../errors.ts';
import { type FailureReason, knownFailure } from '../../jobs/queue/ending.ts';

/** The failure of a job, as whoever waited for it meets it. */
export function jobFailure(end: FailureReason): FleetError {
  const { code, message, advice } = knownFailure(end);
  return new FleetError(code, message, advice);
}

/** What whoever waited for a job meets where Redis has lost it. */
export function lostJob(): FleetError {
  return new FleetError(
    'lost_job',
    'The job is gone from Redis',
    'Ask again: the work goes on where it stopped.',
  );
}
