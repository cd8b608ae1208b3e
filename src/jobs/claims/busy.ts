import { FleetError } from '../../errors.ts';
import { isJobKind, JOB_KINDS } from '../kinds/job-kinds.ts';

/** The job that holds a name which is wanted. */
export interface Holder {
  readonly jobId: string;
  readonly kind: string;
  readonly name: string;
}

/** FleetError `busy`: a job holds a name of the instance. */
export function busy({ jobId, kind, name }: Holder): FleetError {
  return new FleetError(
    'busy',
    `busy: job ${jobId} is ${doing(kind)} ${name}`,
    `See it: cozy-fleet jobs show ${jobId}`,
  );
}

/** What a holder is at; one of a later version may be at what this one knows no word for. */
function doing(kind: string): string {
  return isJobKind(kind) ? JOB_KINDS[kind].words.doing : 'working on';
}
