import type { CouchDocument } from '../../couchdb/documents.ts';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchServer } from '../../couchdb/server.ts';
import { DATABASES, type InstanceDatabase } from '../databases/databases.ts';
import { missingDatabases } from '../databases/missing-databases.ts';
import { databaseName } from '../databases/prefix.ts';
import { matchesMangoIndex, matchesView } from './design-matches.ts';
import { type DesignFinding, type NoDatabase, noDatabase } from './findings.ts';

/**
 * Databases of an instance that are missing, and design documents that are missing or not what they should
 * be, in the order of the definitions.
 *
 * @param prefix what the names of its databases begin with (`databasePrefix`)
 * @param definitions those of the instance's number (`definitionsOf`); the newest when absent
 * @throws CouchError, or the signal's reason when aborted
 */
export async function databaseFindings(
  server: CouchServer,
  prefix: string,
  signal?: AbortSignal,
  definitions: readonly InstanceDatabase[] = DATABASES,
): Promise<(NoDatabase | DesignFinding)[]> {
  const doctypes = definitions.map(({ doctype }) => doctype);
  const missing = await missingDatabases(server, prefix, doctypes, signal);
  const findings = await Promise.all(
    definitions.map(async (database): Promise<(NoDatabase | DesignFinding)[]> => {
      const name = databaseName(prefix, database.doctype);
      const isMissing = missing.has(database.doctype);
      const designs = isMissing ? undefined : await readDesigns(server, name, database, signal);
      return designs === undefined
        ? [noDatabase(prefix, database.doctype)]
        : designFindings(database, name, designs);
    }),
  );
  return findings.flat();
}

/**
 * Design documents of a database that are missing or not what they should be.
 * @param database its full name
 * @param stored those that are there, by id
 */
export function designFindings(
  { doctype, mango, views }: InstanceDatabase,
  database: string,
  stored: ReadonlyMap<string, CouchDocument>,
): DesignFinding[] {
  const wanted = [
    ...mango.map((index) => ({
      id: `_design/${index.ddoc}`,
      fits: matchesMangoIndex.bind(undefined, index),
    })),
    ...views.map((view) => ({ id: `_design/${view.name}`, fits: matchesView.bind(undefined, view) })),
  ];
  return wanted.flatMap(({ id, fits }): DesignFinding[] => {
    const found = stored.get(id);
    if (found === undefined) return [{ type: 'missing_design_document', doctype, database, design: id }];
    return fits(found) ? [] : [{ type: 'differing_design_document', doctype, database, design: id }];
  });
}

/** By id; undefined when the database is not there, whatever the list of databases says. */
async function readDesigns(
  server: CouchServer,
  name: string,
  { mango, views }: InstanceDatabase,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, CouchDocument> | undefined> {
  if (mango.length + views.length === 0) return new Map();
  const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
  const rows = await unlessNoDatabase(server.allDocuments(name, query, signal));
  return rows && new Map(rows.flatMap(({ id, doc }) => (doc ? [[id, doc]] : [])));
}
