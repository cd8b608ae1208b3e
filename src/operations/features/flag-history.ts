import { randomUUID } from 'node:crypto';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import { type Author, authorFields } from '../../jobs/kinds/author.ts';
import { type HistoryEntry, noteHistory, readHistory } from '../../jobs/queue/instance-history.ts';
import type { HistoryLine } from '../instances/instance-history.ts';
import type { FlagScope } from './flag-documents.ts';

type Store = Pick<Fleet, 'redis' | 'keys'>;

/** A change of flags that are no instance's own. */
export interface FlagChange {
  readonly scope: FlagScope;
  /** Names of the flags; their values are not noted. */
  readonly names: readonly string[];
  readonly outcome: 'modified' | 'unchanged';
  readonly author: Author;
}

/** Notes who changed which flags, beside the histories of domains. */
export async function noteFlagChange(
  store: Store,
  { scope, names, outcome, author }: FlagChange,
): Promise<void> {
  const entry: HistoryEntry = {
    at: Date.now(),
    what: 'features',
    state: outcome === 'modified' ? 'done' : 'skipped',
    ...(names.length > 0 && { fields: [...names] }),
    ...authorFields(author),
  };
  await noteHistory(store, historyName(scope), randomUUID(), entry);
}

/** Who changed flags that are no instance's own, and when, latest first. */
export async function flagHistory(store: Store, scope: FlagScope, limit: number): Promise<HistoryLine[]> {
  const entries = await readHistory(store, historyName(scope));
  return entries.slice(0, limit).map((each) => ({ ...each, at: new Date(each.at).toISOString() }));
}

/** No domain begins with a dot. */
function historyName(scope: FlagScope): string {
  return scope === 'defaults' ? '.features.defaults' : `.features.context.${scope.context}`;
}
