import { type DestroyStage, flagged, rewriteInstance } from './context.ts';
import { shut } from './shut.ts';

/** Shuts everybody out, where `mark` has not done so. */
export const close: DestroyStage = {
  name: 'close',

  isIdle: ({ shutFrom }) => shutFrom !== undefined,

  async run(context) {
    await rewriteInstance(context, (instance) => shut(flagged(instance)));
    return undefined;
  },

  verify: async ({ instance }) => (instance.blocked === true ? [] : ['it is not blocked any more']),
};
