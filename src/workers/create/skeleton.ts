import type { CreateStage } from './context.ts';

/** First files come once the instance is in use, beside its applications: with them or without. */
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
