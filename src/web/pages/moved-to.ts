import pLimit from 'p-limit';
import { SETTINGS } from '../../instances/databases/databases.ts';
import { databaseName, databasePrefix } from '../../instances/databases/prefix.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import { readInstance } from '../../instances/lookup/lookup.ts';
import { refusePlatform } from '../../instances/lookup/sharing.ts';
import type { Couch } from '../../operations/connect/couch.ts';
import type { HostedInstance } from '../host-answer.ts';

/** Where the owner of an instance has taken it, as its settings have it; undefined where that cannot be learnt now. */
export type MovedToReader = (instance: HostedInstance) => Promise<unknown>;

/** How long an answer is good, in milliseconds: visitors of one place come again and again. */
const GOOD_MS = 60_000;

/** How long a visitor waits for it, in milliseconds; then the page comes without. */
const PATIENCE_MS = 2_000;

/** Answers that are remembered. */
const MOST = 1_000;

/** Questions at a time. */
const AT_ONCE = 4;

/** Questions that wait for their turn; a crowd gets pages without a link, and does not keep CouchDB busy. */
const MOST_WAITING = 50;

/**
 * Reads it from `io.cozy.settings.instance` (`docs/cozy-data.md` §3.1), which a stack fills when an instance moves.
 * @param now milliseconds since 1970
 */
export function createMovedToReader(
  { global, cluster }: Pick<Couch, 'global' | 'cluster'>,
  now: () => number = Date.now,
): MovedToReader {
  const known = new Map<string, { readonly answer: Promise<unknown>; readonly until: number }>();
  const limit = pLimit(AT_ONCE);

  async function ask(id: string): Promise<unknown> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const instance = await readInstance(global, id, signal);
    if (instance === undefined) return undefined;
    refusePlatform(instance);
    const database = databaseName(databasePrefix(instance), SETTINGS);
    const settings = await cluster(instance.couch_cluster).getDocument(database, SETTINGS_ID, signal);
    return settings?.['moved_to'];
  }

  return async ({ id }) => {
    const before = known.get(id);
    if (before !== undefined && before.until > now()) return await before.answer;
    if (limit.pendingCount >= MOST_WAITING) return undefined;
    const answer = limit(() => ask(id)).catch(() => {
      // A page without a link is better than none; the next visitor may have more luck.
      known.delete(id);
      return undefined;
    });
    known.delete(id);
    known.set(id, { answer, until: now() + GOOD_MS });
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    return await answer;
  };
}
