import type { CreateStage } from './context.ts';

/** First files come once the instance is in use, and before applications: no registry has to be waited for. */
export const skeleton: CreateStage = {
  name: 'skeleton',

  isIdle: ({ options }) => options.skeleton === undefined,

  async run(context) {
    await context.writeSkeleton();
    return undefined;
  },

  // Whatever its owner has made of them since is right.
  verify: async () => [],
};
