import { removeFiles } from '../instance/remove-files.ts';
import { type DestroyStage, refuseUnwantedByNow, whileLocked } from './context.ts';

/**
 * Removes the instance's directory. An empty one stays: it holds nothing of the instance, its owner cannot be
 * known, and a creation takes it as it is.
 */
export const storage: DestroyStage = {
  name: 'storage',

  async run(context) {
    await whileLocked(context, async (signal) => {
      await refuseUnwantedByNow(context);
      await removeFiles({ ...context, signal });
    });
    context.hasRemovedFiles = true;
    return undefined;
  },

  async verify({ services, instance }) {
    return (await services.storage.hasFiles(instance.domain)) ? ['its files are left'] : [];
  },
};
