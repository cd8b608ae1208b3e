import { AppError } from '../../apps/errors.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';

/** What a stack lets another one take for installing or updating before it does so itself, in milliseconds. */
const BUSY_MS = 15 * 60_000;

/** States of an application with which nothing is being done. */
const AT_REST: readonly unknown[] = ['ready', 'installed'];

/** As a stack, for updates and removals, which takes one that was left so for long for one that nobody works on any more. */
export function refuseBusy(slug: string, installed: StoredDocument): void {
  if (!isBusy(installed)) return;
  throw new AppError(
    'app_busy',
    `application ${slug} is being installed or updated by somebody else`,
    'retry',
    'It is tried again. A stack takes it for abandoned after 15 minutes.',
  );
}

/** Whether somebody else seems to be at work on an application. */
export function isBusy({ state, updated_at }: StoredDocument): boolean {
  if (AT_REST.includes(state)) return false;
  const since = typeof updated_at === 'string' ? Date.parse(updated_at) : Number.NaN;
  return !Number.isNaN(since) && Date.now() - since <= BUSY_MS;
}
