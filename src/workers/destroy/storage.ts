import { reservationId } from '../../instances/databases/prefix.ts';
import { whileLocked } from './as-stack.ts';
import { type DestroyContext, type DestroyStage, refuseUnwanted } from './context.ts';
import { foreignFiles } from './removable.ts';

/**
 * Removes the instance's directory, or what an earlier attempt left of it. One that is empty stays: nobody can tell
 * whose it is, nothing of the instance is in it, and a creation takes it as it is.
 */
export const storage: DestroyStage = {
  name: 'storage',

  async run(context) {
    await refuseUnwanted(context);
    await whileLocked(context, (signal) => removeFiles({ ...context, signal }));
    return undefined;
  },

  async verify({ services, instance }) {
    return (await services.storage.hasFiles(instance.domain)) ? ['its files are left'] : [];
  },
};

/** @throws Refusal `foreign_files`, LostLock, StorageError */
export async function removeFiles({
  services,
  instance,
  seen,
  lease,
  signal,
}: DestroyContext): Promise<void> {
  const { domain } = instance;
  const tag = `${reservationId(domain)}-${seen.incarnation}`;
  const guard = () => {
    signal.throwIfAborted();
    lease.assertHeld();
  };
  if ((await services.storage.removeInstance(domain, tag, guard)) === 'foreign') {
    throw foreignFiles(services, domain);
  }
}
