import { isDeepStrictEqual } from 'node:util';
import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchDocument } from '../../couchdb/server.ts';
import { CONTACTS, DATABASES, FILES, SETTINGS } from '../../instances/doctypes.ts';
import { settleAll } from '../../settle-all.ts';
import { type CreateContext, type CreateStage, databaseOf, instanceOf } from './context.ts';
import { fillDatabase } from './fill.ts';

/** Databases whose design documents come with their first documents, in the stages that write those. */
const FILLED_LATER: ReadonlySet<string> = new Set([FILES, SETTINGS, CONTACTS]);

/** Writes the Mango and JavaScript design documents of all other databases (`instance-data.md` §1.5). */
export const indexes: CreateStage = {
  name: 'indexes',

  async run(context) {
    const here = DATABASES.filter(({ doctype }) => !FILLED_LATER.has(doctype));
    await settleAll(here.map(({ doctype }) => fillDatabase(context, doctype)));
    return undefined;
  },

  verify: (context) => missingDesigns(context, FILLED_LATER),
};

/** The same of one database only. */
export function missingDesignsOf(context: CreateContext, doctype: string): Promise<string[]> {
  const others = DATABASES.map((each) => each.doctype).filter((each) => each !== doctype);
  return missingDesigns(context, new Set(others));
}

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
  const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
  const rows = (await unlessNoDatabase(server.allDocuments(name, query, context.signal))) ?? [];
  return new Map(rows.map(({ id, doc }) => [id, withoutRevision(doc)]));
}

function withoutRevision(document: CouchDocument | null | undefined): CouchDocument {
  const { _rev, ...content } = document ?? { _id: '' };
  return content;
}
