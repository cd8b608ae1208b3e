import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 45_000;
const POLL_MS = 10;

/** Waits until the condition holds; fails, saying what was waited for, when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(POLL_MS);
  }
}
