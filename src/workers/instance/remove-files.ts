import { reservationId } from '../../instances/databases/prefix.ts';
import { incarnationOf } from '../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { Refusal } from '../../instances/errors.ts';
import type { Lease } from '../stage/lease.ts';
import type { Services } from '../stage/services.ts';

/** What the files of an instance are removed with. */
export interface FilesContext {
  readonly services: Pick<Services, 'storage'>;
  readonly instance: StoredInstance;
  readonly signal: AbortSignal;
  /** Asked right before each step. */
  readonly lease: Lease;
}

/**
 * Removes the instance's directory, or what an earlier attempt left of it.
 * @throws Refusal `foreign_files`, LostLock, StorageError
 */
export async function removeFiles({ services, instance, signal, lease }: FilesContext): Promise<void> {
  const { domain } = instance;
  const tag = `${reservationId(domain)}-${incarnationOf(instance)}`;
  const guard = () => {
    signal.throwIfAborted();
    lease.assertHeld();
  };
  if ((await services.storage.removeInstance(domain, tag, guard)) === 'foreign') {
    throw foreignFiles(services, domain);
  }
}

export function foreignFiles({ storage }: Pick<Services, 'storage'>, domain: string): Refusal {
  return new Refusal(
    'foreign_files',
    `the directory of ${domain} in ${storage.name} has files, but no .cozy_trash, or is a link: it is not one of an instance`,
    `It was left alone. If it is the instance's, make its trash anew: cozy-fleet instances repair ${domain}. Else move it away, and try again.`,
  );
}
