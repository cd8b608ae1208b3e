import { FleetError } from '../errors.ts';

/** Who holds a name that is wanted. */
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

function doing(kind: string): string {
  switch (kind) {
    case 'create':
      return 'creating';
    case 'destroy':
      return 'destroying';
    case 'modify':
      return 'modifying';
    default:
      return `working (${kind}) on`;
  }
}
