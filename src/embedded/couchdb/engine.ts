import { FleetError } from '../../errors.ts';
import type { JsonObject, PouchConstructor } from './pouch-types.ts';

/** The libraries the stand-in is made of. */
export interface Engine {
  readonly Pouch: PouchConstructor;
  readonly matchesSelector: (document: JsonObject, selector: JsonObject) => boolean;
  readonly collate: (left: unknown, right: unknown) => number;
}

/**
 * Loads PouchDB. Only here, and only when a stand-in starts: a worker's installation
 * goes without these packages and their native code.
 */
export async function loadEngine(): Promise<Engine> {
  try {
    const [core, leveldb, mapreduce, find, selector, collation] = await Promise.all([
      import('pouchdb-core'),
      import('pouchdb-adapter-leveldb'),
      import('pouchdb-mapreduce'),
      import('pouchdb-find'),
      import('pouchdb-selector-core'),
      import('pouchdb-collate'),
    ]);
    const Pouch = core.default.plugin(leveldb.default).plugin(mapreduce.default).plugin(find.default);
    return { Pouch, matchesSelector: selector.matchesSelector, collate: collation.collate };
  } catch (cause) {
    throw new FleetError(
      'pouchdb_missing',
      'the embedded CouchDB cannot start: PouchDB is not installed',
      'install it with `npm install pouchdb-core pouchdb-adapter-leveldb pouchdb-mapreduce pouchdb-find`, ' +
        'or set couchdb.url to a CouchDB server',
      { cause },
    );
  }
}
