import { unlessNoDatabase } from '../../couchdb/errors.ts';
import type { CouchDocument } from '../../couchdb/server.ts';
import { CONTACTS, DATABASES, definitionsOf, FILES, SETTINGS } from '../../instances/databases/databases.ts';
import { designFindings } from '../../instances/fsck/database-findings.ts';
import { settleAll } from '../../settle-all.ts';
import { type CreateContext, type CreateStage, databaseOf, instanceOf } from './context.ts';
import { fillDatabase } from './fill.ts';

/** Databases whose design documents come with their first documents, in the stages that write those. */
const FILLED_LATER: ReadonlySet<string> = new Set([FILES, SETTINGS, CONTACTS]);

/** Writes the Mango and JavaScript design documents of all other databases (`docs/cozy-data.md` §1.5). */
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
 * Design documents that are missing or differ, a sentence each. Those that a stack wrote in words of its own
 * are as good as ours (`same-design.ts`): it redefines them when it serves a domain under another number.
 * @param known doctypes that need no look
 */
export async function missingDesigns(context: CreateContext, known: ReadonlySet<string>): Promise<string[]> {
  const { domain, indexes_version: version } = instanceOf(context);
  const looks = (definitionsOf(version) ?? DATABASES).filter(
    ({ doctype, mango, views }) => mango.length + views.length > 0 && !known.has(doctype),
  );
  const findings = await Promise.all(
    looks.map(async (database) => {
      const { name } = databaseOf(context, database.doctype);
      return designFindings(database, name, await storedDesigns(context, database.doctype));
    }),
  );
  return findings
    .flat()
    .map(({ type, doctype, design }) =>
      type === 'missing_design_document'
        ? `${design} of ${doctype} is missing for ${domain}`
        : `${design} of ${doctype} is not what it should be for ${domain}`,
    );
}

async function storedDesigns(context: CreateContext, doctype: string): Promise<Map<string, CouchDocument>> {
  const { server, name } = databaseOf(context, doctype);
  const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
  const rows = (await unlessNoDatabase(server.allDocuments(name, query, context.signal))) ?? [];
  return new Map(rows.flatMap(({ id, doc }) => (doc ? [[id, doc]] : [])));
}
