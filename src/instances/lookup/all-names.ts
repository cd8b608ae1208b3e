import type { ViewRow } from '../../couchdb/documents.ts';
import { isNoDatabase, isNoDocument } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { defined } from '../../defined.ts';
import { INSTANCES } from './lookup.ts';

/** Names that are asked for, and held, at a time. */
const PAGE = 1000;

/** All domains and aliases of the instances that exist, in the order of the stack's index of them. */
export async function* allNames(global: CouchServer, signal?: AbortSignal): AsyncGenerator<string> {
  let last: string | undefined;
  for (;;) {
    const names = (await readPage(global, last, signal)).flatMap(({ key }) =>
      typeof key === 'string' ? [key] : [],
    );
    // A page begins with the name the one before it ended with.
    for (const name of names) if (name !== last) yield name;
    const next = names.at(-1);
    if (names.length < PAGE || next === last) return;
    last = next;
  }
}

/**
 * A CouchDB on which nothing was made yet has neither `global/instances` nor its views; a list that ends in the
 * middle is none.
 */
async function readPage(
  global: CouchServer,
  startKey: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ViewRow[]> {
  const query = defined({ limit: PAGE, startKey });
  try {
    return await global.view(INSTANCES, 'domain-and-aliases', 'domain-and-aliases', query, signal);
  } catch (error) {
    if (startKey === undefined && (isNoDatabase(error) || isNoDocument(error))) return [];
    throw error;
  }
}
