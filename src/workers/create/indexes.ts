import { isDeepStrictEqual } from 'node:util';
import { isStatus } from '../../couchdb/errors.ts';
import type { CouchDocument } from '../../couchdb/server.ts';
import { insertMissing } from './bulk.ts';
import { type CreateContext, type CreateStage, databaseOf, instanceOf } from './context.ts';

/** Writes the 22 Mango and 13 JavaScript design documents (`instance-data.md` §1.5). */
export const indexes: CreateStage = {
  name: 'indexes',

  async run(context) {
    const { server } = databaseOf(context, '');
    const designs = await context.services.designs.of(server, context.signal);
    await Promise.all(
      [...designs].map(async ([doctype, documents]) => {
        if (documents.length > 0) {
          await insertMissing(server, databaseOf(context, doctype).name, documents, context.signal);
        }
        context.acknowledged.add(doctype);
      }),
    );
    return undefined;
  },

  verify: (context) => missingDesigns(context, new Set()),
};

/**
 * Design documents that are missing or differ, a sentence each.
 * @param known doctypes that need no look
 */
export async function missingDesigns(context: CreateContext, known: ReadonlySet<string>): Promise<string[]> {
  const { server } = databaseOf(context, '');
  const designs = await context.services.designs.of(server, context.signal);
  const looks = [...designs].filter(([doctype, documents]) => documents.length > 0 && !known.has(doctype));
  const findings = await Promise.all(
    looks.map(async ([doctype, documents]) => {
      const there = await storedDesigns(context, doctype);
      return documents
        .filter((wanted) => !isDeepStrictEqual(there.get(wanted._id), wanted))
        .map(({ _id }) => `${_id} of ${doctype} is missing or differs for ${instanceOf(context).domain}`);
    }),
  );
  return findings.flat();
}

async function storedDesigns(context: CreateContext, doctype: string): Promise<Map<string, CouchDocument>> {
  const { server, name } = databaseOf(context, doctype);
  try {
    const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
    const rows = await server.allDocuments(name, query, context.signal);
    return new Map(rows.map(({ id, doc }) => [id, withoutRevision(doc)]));
  } catch (error) {
    if (isStatus(error, 404)) return new Map();
    throw error;
  }
}

function withoutRevision(document: CouchDocument | null | undefined): CouchDocument {
  const { _rev, ...content } = document ?? { _id: '' };
  return content;
}
