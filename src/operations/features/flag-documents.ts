import type { CouchDocument } from '../../couchdb/documents.ts';
import { isNoDatabase, unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { type UpdateResult, updateDocument } from '../../instances/change/update-document.ts';
import { type FlagsMap, mergeFlags } from '../../instances/options/feature-flags.ts';
import type { SharedFlags } from './instance-flags.ts';

/** The database of flags that are no instance's own; it comes with its first document. */
export const FLAGS_DATABASE = 'global/io-cozy-settings';

/** Whose flags: those of a context, or the defaults, which hold for all. */
export type FlagScope = 'defaults' | { readonly context: string };

/** Id of the document with these flags. */
export function flagDocumentId(scope: FlagScope): string {
  return scope === 'defaults' ? 'io.cozy.settings.flags.default' : `${CONTEXT_PREFIX}${scope.context}`;
}

const CONTEXT_PREFIX = 'io.cozy.settings.flags.context.';

/** First id that sorts behind all that begin with `CONTEXT_PREFIX`: the sign after the dot is a slash. */
const AFTER_CONTEXTS = 'io.cozy.settings.flags.context/';

/** The flags of such a document; none where it is missing. */
export async function readFlags(
  global: CouchServer,
  scope: FlagScope,
  signal?: AbortSignal,
): Promise<FlagsMap> {
  return (await findFlags(global, scope, signal)) ?? {};
}

/** The same; undefined where there is no such document. */
export async function findFlags(
  global: CouchServer,
  scope: FlagScope,
  signal?: AbortSignal,
): Promise<FlagsMap | undefined> {
  const found = await unlessNoDatabase(global.getDocument(FLAGS_DATABASE, flagDocumentId(scope), signal));
  return found && flagsIn(found);
}

/** All that flags come from besides instances themselves. @param contexts those of the configuration */
export async function readSharedFlags(
  global: CouchServer,
  contexts: SharedFlags['contexts'],
  signal?: AbortSignal,
): Promise<SharedFlags> {
  const query = { startKey: CONTEXT_PREFIX, endKey: AFTER_CONTEXTS, includeDocs: true };
  const rows = (await unlessNoDatabase(global.allDocuments(FLAGS_DATABASE, query, signal))) ?? [];
  const byId = new Map(rows.flatMap(({ id, doc }) => (doc ? [[id, flagsIn(doc)] as const] : [])));
  const defaults = await readFlags(global, 'defaults', signal);
  return { contexts, defaults, ofContext: (context) => byId.get(flagDocumentId({ context })) };
}

/**
 * Merges flags into such a document beside other programs that do: null takes one away, others stay. Nothing is
 * written where nothing changes.
 */
export async function changeFlags(
  global: CouchServer,
  scope: FlagScope,
  patch: FlagsMap,
  signal?: AbortSignal,
): Promise<{ readonly outcome: UpdateResult<CouchDocument>['outcome']; readonly flags: FlagsMap }> {
  const id = flagDocumentId(scope);
  const { outcome, document } = await updateDocument<CouchDocument>({
    read: () => readOrEmpty(global, id, signal),
    change: (now) => ({ ...mergeFlags(now, patch), _id: id }),
    async write(document) {
      try {
        return await global.putDocument(FLAGS_DATABASE, document, signal);
      } catch (error) {
        if (!isNoDatabase(error)) throw error;
        await global.createDatabase(FLAGS_DATABASE, signal, { shards: 'server' });
        return await global.putDocument(FLAGS_DATABASE, document, signal);
      }
    },
    signal,
  });
  return { outcome, flags: flagsIn(document) };
}

async function readOrEmpty(
  global: CouchServer,
  id: string,
  signal: AbortSignal | undefined,
): Promise<CouchDocument> {
  return (await unlessNoDatabase(global.getDocument(FLAGS_DATABASE, id, signal))) ?? { _id: id };
}

function flagsIn({ _id, _rev, ...flags }: CouchDocument): FlagsMap {
  return flags;
}
