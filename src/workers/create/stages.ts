import { apps } from './apps.ts';
import type { CreateStage } from './context.ts';
import { databases } from './databases.ts';
import { directories } from './directories.ts';
import { finish } from './finish.ts';
import { indexes } from './indexes.ts';
import { register } from './register.ts';
import { settings } from './settings.ts';

/** The stages of a creation in their order (`ARCHITECTURE.md` §3.5). */
export const createStages: readonly CreateStage[] = [
  register,
  databases,
  indexes,
  directories,
  settings,
  finish,
  apps,
];
