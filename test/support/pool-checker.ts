import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { unlessNoDatabase } from '../../src/couchdb/errors.ts';
import type { CouchServer } from '../../src/couchdb/server.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { POOL } from '../../src/instances/pool/pool-store.ts';

/**
 * What is wrong with these prefixes once all is quiet, a sentence each, by CouchDB alone: each is one document's or one
 * item's, what is in its databases is that one's, and there are none without either.
 */
export async function poolFaults(couch: CouchServer, prefixes: Iterable<string>): Promise<string[]> {
  const instances = await documentsOf(couch, INSTANCES);
  const items = new Map((await documentsOf(couch, POOL)).map((each) => [each._id, each]));
  const faults: string[] = [];
  for (const prefix of prefixes) {
    const owners = instances.filter((each) => each['prefix'] === prefix);
    const item = items.get(prefix);
    const databases = await couch.listDatabases(`${prefix}/`);
    if (owners.length > 1) faults.push(`${prefix} is in ${owners.length} documents`);
    if (owners.length > 0 && item !== undefined) {
      faults.push(`${prefix} is in a document, and in the books as ${item['state']}`);
    }
    if (owners.length === 0 && item === undefined && databases.length > 0) {
      faults.push(`${databases.length} databases of ${prefix} are left`);
    }
    if ((owners.length > 0 || item?.['state'] === 'ready') && databases.length !== 16) {
      faults.push(`${prefix} has ${databases.length} databases`);
    }
    const domain = owners[0]?.['domain'];
    for (const named of await domainsIn(couch, prefix)) {
      if (named !== domain) faults.push(`databases of ${prefix} name ${named}, and not ${domain}`);
    }
  }
  return faults;
}

/** Domains that the documents below a prefix name as theirs. */
async function domainsIn(couch: CouchServer, prefix: string): Promise<Set<string>> {
  const files = await documentsOf(couch, databaseName(prefix, 'io.cozy.files'));
  const contacts = await documentsOf(couch, databaseName(prefix, 'io.cozy.contacts'));
  const text = JSON.stringify([files, contacts]);
  return new Set(Array.from(text.matchAll(/"https:\/\/([^/"]+)/g), ([, domain = '']) => domain));
}

async function documentsOf(couch: CouchServer, database: string): Promise<StoredDocument[]> {
  const rows = (await unlessNoDatabase(couch.allDocuments(database, { includeDocs: true }))) ?? [];
  return rows.flatMap(({ doc }) => (doc && !doc._id.startsWith('_design/') ? [doc] : []));
}
