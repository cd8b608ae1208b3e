import type { CouchDocument, StoredDocument } from '../../couchdb/documents.ts';
import { insertMissing } from '../../couchdb/insert-missing.ts';
import { DATABASES, definitionsOf } from '../../instances/databases/databases.ts';
import { designFindings } from '../../instances/fsck/database-findings.ts';
import type { DesignFinding, NoDatabase } from '../../instances/fsck/findings.ts';
import { databaseOf } from '../instance/databases-of.ts';
import type { RepairContext } from './context.ts';

/** Makes a database again, with its design documents and nothing else. */
export async function recreateDatabase(context: RepairContext, { doctype }: NoDatabase): Promise<void> {
  const { server, name } = databaseOf(context, context.instance, doctype);
  const { designs, signal, lease } = context;
  const wanted = (await designs.of(server, signal)).get(doctype) ?? [];
  const guard = () => lease.assertHeld();
  await server.createDatabase(name, signal, { guard });
  if (wanted.length > 0) await insertMissing(server, name, wanted, signal, guard);
}

/** Writes the design documents of a database that are missing or differ, in one request. */
export async function rewriteDesigns(
  context: RepairContext,
  doctype: string,
  findings: readonly DesignFinding[],
): Promise<void> {
  const { server, name } = databaseOf(context, context.instance, doctype);
  const { designs, signal, lease } = context;
  const stored = new Map<string, StoredDocument>();
  for (const { design } of findings) {
    const there = await server.getDocument(name, design, signal);
    if (there !== undefined) stored.set(design, there);
  }
  // A stack may have written some since: another revision would only cost a new index.
  const defined = (definitionsOf(context.instance.indexes_version) ?? DATABASES).filter(
    (database) => database.doctype === doctype,
  );
  const wrong = new Set(
    defined.flatMap((each) => designFindings(each, name, stored)).map(({ design }) => design),
  );
  const asked = new Set(findings.map(({ design }) => design));
  const documents = ((await designs.of(server, signal)).get(doctype) ?? [])
    .filter(({ _id }) => asked.has(_id) && wrong.has(_id))
    .map((design): CouchDocument => {
      const rev = stored.get(design._id)?._rev;
      return rev === undefined ? design : { ...design, _rev: rev };
    });
  if (documents.length === 0) return;
  // One that a stack writes meanwhile is in conflict, and as good as ours.
  await insertMissing(server, name, documents, signal, () => lease.assertHeld());
}
