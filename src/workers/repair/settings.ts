import { insertMissing } from '../../couchdb/insert-missing.ts';
import { definitionsOf, SETTINGS } from '../../instances/databases/databases.ts';
import { databasePrefix } from '../../instances/databases/prefix.ts';
import { settingsDocument } from '../../instances/documents/settings-document.ts';
import { databaseFindings } from '../../instances/fsck/database-findings.ts';
import type { WrongIndexesVersion } from '../../instances/fsck/findings.ts';
import { INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import { databaseOf } from '../instance/databases-of.ts';
import type { RepairContext } from './context.ts';

/**
 * Writes the settings as those of an instance made without any option (`docs/cozy-data.md` §3.1): mail
 * address, public name and time zone were nowhere else.
 */
export async function recreateSettings(context: RepairContext): Promise<void> {
  const { server, name } = databaseOf(context, context.instance, SETTINGS);
  const guard = () => context.lease.assertHeld();
  await insertMissing(server, name, [settingsDocument({ settings: {} })], context.signal, guard);
}

/** Says which indexes the instance has, once it has them all; every other field stays as it is. */
export async function correctIndexesVersion(
  context: RepairContext,
  { found, expected }: WrongIndexesVersion,
): Promise<void> {
  const { global, cluster, instance, signal, lease } = context;
  const server = cluster(instance.couch_cluster);
  const missing = await databaseFindings(server, databasePrefix(instance), signal, definitionsOf(expected));
  if (missing.length > 0) return;
  const now = await readInstance(global, instance._id, signal);
  if (now === undefined || (now.indexes_version ?? null) !== found) return;
  const corrected = { ...now, indexes_version: expected };
  await global.putDocument(INSTANCES, corrected, signal, () => lease.assertHeld());
}
