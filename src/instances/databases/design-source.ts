import type { CouchDocument } from '../../couchdb/documents.ts';
import { unlessAborted } from '../../couchdb/on-abort.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { readStoredIndexes } from '../../couchdb/stored-indexes.ts';
import { DATABASES } from './databases.ts';
import { mangoRequest, viewDesignDocument } from './design-documents.ts';

/** All design documents of an instance, by doctype, as that server stores them. */
export type Designs = ReadonlyMap<string, readonly CouchDocument[]>;

export interface DesignSource {
  of(server: CouchServer, signal: AbortSignal): Promise<Designs>;
}

/** Reads the definitions once a server and process; a failed read is tried again by the next job. */
export function createDesignSource(): DesignSource {
  const known = new Map<CouchServer, Promise<Designs>>();

  function begin(server: CouchServer): Promise<Designs> {
    const reading = read(server);
    known.set(server, reading);
    // Whoever waited for it may have given up, and would not hear of the failure.
    reading.catch(() => known.delete(server));
    return reading;
  }

  return {
    async of(server, signal) {
      signal.throwIfAborted();
      return await unlessAborted(known.get(server) ?? begin(server), signal);
    },
  };
}

/** Without a job's signal: the jobs that wait for the same answer must not fall with one of them. */
async function read(server: CouchServer): Promise<Designs> {
  const requests = DATABASES.flatMap(({ doctype, mango }) =>
    mango.map((index) => ({ database: doctype, body: mangoRequest(index) })),
  );
  const indexes = await readStoredIndexes(server, requests);
  return new Map(
    DATABASES.map(({ doctype, views }) => {
      const designs: CouchDocument[] = views.map((view) => ({ ...viewDesignDocument(view) }));
      return [doctype, [...(indexes.get(doctype) ?? []), ...designs]];
    }),
  );
}
