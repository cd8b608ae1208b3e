import type { CouchServer } from '../couchdb/server.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { instanceState } from '../instances/documents/instance-state.ts';
import { classifyById } from '../instances/lookup/lookup.ts';

/** Why an instance may lack databases although nothing is wrong with it. */
export type BeforeOrAfter = 'provisioning' | 'deleting' | 'gone';

/** Whether an instance is being made or removed, by its document; undefined for one that has all of its databases. */
export function beforeOrAfter(instance: StoredInstance): Exclude<BeforeOrAfter, 'gone'> | undefined {
  const state = instanceState(instance);
  return state === 'provisioning' || state === 'deleting' ? state : undefined;
}

/** The same by what its document says now: databases may go while a list is read. */
export async function beforeOrAfterNow(
  { _id }: StoredInstance,
  global: CouchServer,
  signal?: AbortSignal,
): Promise<BeforeOrAfter | undefined> {
  const now = await classifyById(global, _id, signal);
  if (now === undefined) return 'gone';
  return now.readable ? beforeOrAfter(now.instance) : undefined;
}
