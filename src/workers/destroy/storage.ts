import { Refusal } from '../../instances/errors.ts';
import { reservationId } from '../../instances/prefix.ts';
import { whileLocked } from './as-stack.ts';
import type { DestroyContext, DestroyStage } from './context.ts';

/** Removes the instance's directory, or what an earlier attempt left of it. */
export const storage: DestroyStage = {
  name: 'storage',

  async run(context) {
    await whileLocked(context, () => removeFiles(context));
    return undefined;
  },

  async verify({ services, instance }) {
    return (await services.storage.hasDirectory(instance.domain, '/')) ? ['its directory is left'] : [];
  },
};

async function removeFiles({ services, instance: { domain }, seen, lease }: DestroyContext): Promise<void> {
  lease.assertHeld();
  const tag = `${reservationId(domain)}-${seen.incarnation}`;
  if ((await services.storage.removeInstance(domain, tag)) !== 'foreign') return;
  throw new Refusal(
    'foreign_files',
    `the directory of ${domain} in ${services.storage.name} has files, but no .cozy_trash: it is not one of an instance`,
    'It was left alone. Move it away if nobody needs it, and try the job again: cozy-fleet jobs retry.',
  );
}
