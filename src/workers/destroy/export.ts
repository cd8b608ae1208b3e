import { ensureArchive, makeArchive, needsNoArchive } from './archived.ts';
import type { DestroyStage } from './context.ts';
import { refuseUnmarkable } from './mark.ts';

/** Has an archive made, and sees that it is whole, before anything is done to the instance. */
export const exportFirst: DestroyStage = {
  name: 'export',

  isIdle: needsNoArchive,

  async run(context) {
    // What would be refused by the next stage need not be exported.
    await refuseUnmarkable(context);
    await context.askDate();
    const { instance, payload } = context;
    // Of what an earlier job has begun to remove, its archive has more than another one would.
    if (payload.resume && instance.deleting === true) await ensureArchive(context);
    else await makeArchive(context);
    return undefined;
  },

  // `mark` and each stage that deletes look at it again, and make another one where it is not there.
  verify: async () => [],
};

/** Exports once more what was written between the archive and the moment from which nobody gets in any more. */
export const confirm: DestroyStage = {
  name: 'confirm',

  isIdle: needsNoArchive,

  async run(context) {
    await context.keepDate();
    await ensureArchive(context);
    return undefined;
  },

  // `databases` looks at it again.
  verify: async () => [],
};
