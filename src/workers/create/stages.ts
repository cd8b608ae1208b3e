import { apps } from './apps.ts';
import type { CreateStep } from './context.ts';
import { databases } from './databases.ts';
import { directories } from './directories.ts';
import { finish } from './finish.ts';
import { indexes } from './indexes.ts';
import { register } from './register.ts';
import { settings } from './settings.ts';
import { skeleton } from './skeleton.ts';

/**
 * The stages of a creation in their order (`ARCHITECTURE.md` §3.5): what databases begin with is written at the same time, and
 * so is what comes once the instance is in use, so that neither a registry nor a quota keeps the other from it.
 */
export const createStages: readonly CreateStep[] = [
  register,
  databases,
  { together: [indexes, directories, settings] },
  finish,
  { together: [skeleton, apps] },
];
