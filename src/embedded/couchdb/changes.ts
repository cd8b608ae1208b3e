import { CouchError } from './couch-error.ts';
import type { Databases } from './databases.ts';
import { present } from './documents.ts';
import type { JsonObject } from './pouch-types.ts';
import { countParameter, type Query } from './request.ts';
import { sequenceOf, sequenceText } from './sequence.ts';
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

async function startOf(databases: Databases, name: string, query: Query): Promise<number> {
  const since = query['since'] ?? '0';
  if (since === '0') return 0;
  return await databases.use(name, async (pouch) =>
    since === 'now' ? (await pouch.info()).update_seq : await sequenceOf(pouch, since),
  );
}

async function read(
  databases: Databases,
  name: string,
  since: number,
  query: Query,
  body: JsonObject,
): Promise<JsonObject & { results: JsonObject[] }> {
  const limit = countParameter(query, 'limit');
  return await databases.use(name, async (pouch) => {
    const { results, last_seq } = await pouch.changes({
      since,
      return_docs: true,
      descending: query['descending'] === 'true',
      include_docs: query['include_docs'] === 'true',
      ...(limit === undefined ? {} : { limit }),
      ...(Array.isArray(body['doc_ids']) ? { doc_ids: body['doc_ids'] } : {}),
      ...(body['selector'] ? { selector: body['selector'] } : {}),
    });
    const rows = results.map(async ({ doc, seq, ...rest }) => ({
      seq: await sequenceText(pouch, seq),
      ...rest,
      ...(doc ? { doc: present(doc) } : {}),
    }));
    return { results: await Promise.all(rows), last_seq: await sequenceText(pouch, last_seq), pending: 0 };
  });
}
