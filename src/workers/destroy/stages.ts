import { accounts } from './accounts.ts';
import { close } from './close.ts';
import type { DestroyStage } from './context.ts';
import { databases } from './databases.ts';
import { confirm, exportFirst } from './export.ts';
import { mark } from './mark.ts';
import { outside } from './outside.ts';
import { storage } from './storage.ts';
import { triggers } from './triggers.ts';
import { unregister } from './unregister.ts';

/** The stages of a destruction in their order (`ARCHITECTURE.md` §3.6). */
export const destroyStages: readonly DestroyStage[] = [
  exportFirst,
  mark,
  accounts,
  close,
  confirm,
  outside,
  triggers,
  databases,
  storage,
  unregister,
];
