import type { CouchServer } from '../../couchdb/server.ts';
import { INSTANCES } from '../lookup/lookup.ts';

/** A `_local` document is neither listed nor replicated, and no stack looks for it. */
const FOUNDING_ID = '_local/cozy-fleet-founding';

/**
 * Whether the design documents of `global/instances` were made here, before any stack: then they say nothing
 * about a stack, not even where one has been since.
 */
export async function isFoundedHere(global: CouchServer, signal?: AbortSignal): Promise<boolean> {
  return (await global.getDocument(INSTANCES, FOUNDING_ID, signal)) !== undefined;
}

/** Says so; to be written before the first of them. */
export async function markFoundedHere(global: CouchServer, signal?: AbortSignal): Promise<void> {
  await global.putDocument(INSTANCES, { _id: FOUNDING_ID }, signal);
}
