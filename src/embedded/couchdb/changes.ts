import { CouchError } from './couch-error.ts';
import type { Databases } from './databases.ts';
import { present } from './documents.ts';
import type { JsonObject } from './pouch-types.ts';
import { countParameter, type Query } from './request.ts';
import type { UpdateSignal } from './update-signal.ts';

const LONGEST_WAIT = 60_000;

/** Answers `_changes`, of the kinds `normal` and `longpoll`. */
export async function readChanges(
  databases: Databases,
  updates: UpdateSignal,
  name: string,
  query: Query,
  body: JsonObject,
): Promise<JsonObject> {
  const feed = query['feed'] ?? 'normal';
  if (feed !== 'normal' && feed !== 'longpoll') {
    throw new CouchError(400, 'bad_request', `the embedded CouchDB has no feed of the kind ${feed}`);
  }
  const since = await startOf(databases, name, query);
  // Listening starts before reading: a write in between is not missed.
  const listener = updates.listen(name);
  try {
    const first = await read(databases, name, since, query, body);
    if (feed === 'normal' || first.results.length > 0) return first;
    await listener.wait(Math.min(countParameter(query, 'timeout') ?? LONGEST_WAIT, LONGEST_WAIT));
    return databases.has(name) ? await read(databases, name, since, query, body) : first;
  } finally {
    listener.stop();
  }
}

/** As CouchDB, it begins anew for a sequence that it cannot have given: that is of an earlier database of the name. */
async function startOf(databases: Databases, name: string, query: Query): Promise<number> {
  const since = query['since'] ?? '0';
  if (since === '0') return 0;
  const last = (await databases.use(name, (pouch) => pouch.info())).update_seq;
  if (since === 'now') return last;
  const sequence = Number.parseInt(since.replaceAll('"', ''), 10);
  if (Number.isNaN(sequence)) throw new CouchError(400, 'bad_request', 'Malformed sequence supplied');
  return sequence > last ? 0 : sequence;
}

async function read(
  databases: Databases,
  name: string,
  since: number,
  query: Query,
  body: JsonObject,
): Promise<JsonObject & { results: JsonObject[] }> {
  const limit = countParameter(query, 'limit');
  const { results, last_seq } = await databases.use(
    name,
    async (pouch) =>
      await pouch.changes({
        since,
        return_docs: true,
        descending: query['descending'] === 'true',
        include_docs: query['include_docs'] === 'true',
        ...(limit === undefined ? {} : { limit }),
        ...(Array.isArray(body['doc_ids']) ? { doc_ids: body['doc_ids'] } : {}),
        ...(body['selector'] ? { selector: body['selector'] } : {}),
      }),
  );
  const rows = results.map(({ doc, seq, ...rest }) => ({
    seq: opaque(seq),
    ...rest,
    ...(doc ? { doc: present(doc) } : {}),
  }));
  return { results: rows, last_seq: opaque(last_seq), pending: 0 };
}

/** CouchDB's sequences are texts which nobody should calculate with. */
function opaque(sequence: number): string {
  return `${sequence}-embedded`;
}
