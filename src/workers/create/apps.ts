import type { CreateStage } from './context.ts';

/**
 * The place of the application installs: last, for the instance is in use already. Commands refuse
 * `--apps` until there is something to do here, so there is never an application to install.
 */
export const apps: CreateStage = {
  name: 'apps',
  run: async () => undefined,
  verify: async () => [],
};
