import type { CouchDocument } from '../../couchdb/documents.ts';
import type { NoDatabase } from '../../instances/fsck/findings.ts';
import type { DesignFinding } from '../../instances/fsck/instance-findings.ts';
import { insertMissing } from '../create/bulk.ts';
import { databaseOf, type RepairContext } from './context.ts';

/** Makes a database again, with its design documents and nothing else. */
export async function recreateDatabase(context: RepairContext, { doctype }: NoDatabase): Promise<void> {
  const { server, name } = databaseOf(context, doctype);
  const { designs, signal, lease } = context;
  const wanted = (await designs.of(server, signal)).get(doctype) ?? [];
  lease.assertHeld();
  await server.createDatabase(name, signal);
  if (wanted.length > 0) await insertMissing(server, name, wanted, signal);
}

/** Writes the design documents of a database that are missing or differ, in one request. */
export async function rewriteDesigns(
  context: RepairContext,
  doctype: string,
  findings: readonly DesignFinding[],
): Promise<void> {
  const { server, name } = databaseOf(context, doctype);
  const { designs, signal, lease } = context;
  const ids = new Set(findings.map(({ design }) => design));
  const wanted = ((await designs.of(server, signal)).get(doctype) ?? []).filter(({ _id }) => ids.has(_id));
  const documents = await Promise.all(
    wanted.map(async (design): Promise<CouchDocument> => {
      const there = await server.getDocument(name, design._id, signal);
      return there === undefined ? design : { ...design, _rev: there._rev };
    }),
  );
  lease.assertHeld();
  // One that a stack writes meanwhile is in conflict, and as good as ours.
  await insertMissing(server, name, documents, signal);
}
