import type { IndexesVersion } from '../../config/config.ts';
import type { CouchDocument } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { NEWEST_INDEXES_VERSION } from '../databases/databases.ts';
import { VIEW_MAPS } from '../databases/map-functions.ts';
import { INSTANCES } from '../lookup/lookup.ts';
import { isFoundedHere } from './founding.ts';

/** Which number stacks of a platform write into the documents of instances. */
export interface PlatformIndexes {
  readonly version: IndexesVersion;
  /**
   * How that is known: the operator says so; a stack has shown it; or it is only assumed, for nothing tells
   * of a stack but what was made here.
   */
  readonly known: 'set' | 'shown' | 'assumed';
}

/** Made by each start of a stack that writes 39, and by none before (`docs/cozy-data.md` §9.2). */
const SIGN_OF_39 = '_design/by-orgid';

const LOOK_UP = '_design/domain-and-aliases';

/**
 * What the platform shows. To be asked before anything is made there: our own design documents must not be
 * taken for a stack's.
 * @param configured `fleet.indexes_version`
 */
export async function platformIndexes(
  global: CouchServer,
  configured: IndexesVersion | undefined,
  signal?: AbortSignal,
): Promise<PlatformIndexes> {
  if (configured !== undefined) return { version: configured, known: 'set' };
  const found = await firstDocuments(global, signal);
  const isOurs = found.length > 0 && (await isFoundedHere(global, signal));
  return shownIndexes(found, isOurs);
}

/**
 * A stack of today leaves its sign, and any stack puts its own words into the look-up view at each start.
 * @param found all design documents, and another one if there is any
 * @param isOurs whether they were made here first
 */
function shownIndexes(found: readonly CouchDocument[], isOurs: boolean): PlatformIndexes {
  const hasSign = found.some(({ _id }) => _id === SIGN_OF_39);
  if (hasSign) return { version: 39, known: isOurs ? 'assumed' : 'shown' };
  const hasStack = isOurs ? found.some(isLookUpOfStack) : found.length > 0;
  return hasStack ? { version: 38, known: 'shown' } : { version: NEWEST_INDEXES_VERSION, known: 'assumed' };
}

function isLookUpOfStack({ _id, views }: CouchDocument): boolean {
  if (_id !== LOOK_UP) return false;
  const map: unknown = Object(Object(views)['domain-and-aliases']).map;
  return map !== VIEW_MAPS['domain-and-aliases'];
}

/** Empty where there is no such database. */
async function firstDocuments(global: CouchServer, signal?: AbortSignal): Promise<CouchDocument[]> {
  const range = { startKey: '_design/', endKey: '_design0', includeDocs: true };
  const designs = await unlessNoDatabase(global.allDocuments(INSTANCES, range, signal));
  const stored = (designs ?? []).flatMap(({ doc }): CouchDocument[] => (doc ? [doc] : []));
  if (designs === undefined || stored.length > 0) return stored;
  const any = await unlessNoDatabase(global.allDocuments(INSTANCES, { limit: 1 }, signal));
  return (any ?? []).map(({ id }) => ({ _id: id }));
}

/** Looks from time to time: a stack can be upgraded while a worker runs. */
export interface PlatformWatch {
  /** As it was a minute ago at most. @throws CouchError when it cannot be found out */
  indexes(): Promise<PlatformIndexes>;
}

/** Milliseconds for which a look counts. */
const LOOK_INTERVAL_MS = 60_000;

/** @param now milliseconds, only ever growing */
export function watchPlatform(
  global: CouchServer,
  configured: IndexesVersion | undefined,
  now: () => number = () => performance.now(),
): PlatformWatch {
  let looked: { readonly at: number; readonly found: Promise<PlatformIndexes> } | undefined;
  return {
    async indexes() {
      if (looked === undefined || now() - looked.at >= LOOK_INTERVAL_MS) {
        looked = { at: now(), found: platformIndexes(global, configured) };
      }
      const current = looked;
      try {
        return await current.found;
      } catch (error) {
        if (looked === current) looked = undefined;
        throw error;
      }
    },
  };
}
