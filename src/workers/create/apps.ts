import type { CreateStage } from './context.ts';

/** The applications come last: the instance is in use already, with or without them (`ARCHITECTURE.md` §3.5). */
export const apps: CreateStage = {
  name: 'apps',

  isDoneAlready: ({ options }) => options.apps.length === 0,

  async run(context) {
    await context.installApps();
    return undefined;
  },

  verify: async ({ options }) =>
    options.apps.length === 0 ? [] : ['an application may have been removed since'],
};
