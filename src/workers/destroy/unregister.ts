import { isNoDocument, isStatus } from '../../couchdb/errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import { pauseAfterConflict } from '../../pause.ts';
import { databasesLeft, deleteLateDatabases } from '../instance/delete-databases.ts';
import { readExpected } from '../instance/expected-instance.ts';
import { removeFiles } from '../instance/remove-files.ts';
import { needsNoArchive, refuseUnarchived } from './archived.ts';
import { type DestroyContext, type DestroyStage, refuseUnwanted, refuseUnwantedByNow } from './context.ts';

/**
 * Removes the document, after a last look for what a request has brought back (`docs/cozy-data.md` §8 trap 25):
 * databases and files without a document would be orphans, so what the job says of earlier stages does not
 * count. Where nothing came back, the revision alone is enough: what is under it was looked at.
 */
export const unregister: DestroyStage = {
  name: 'unregister',

  async run(context) {
    const { services, signal, lease, payload, expected } = context;
    await context.outlastDead();
    for (;;) {
      if (!context.hasRemovedFiles || (await hasComeBack(context))) await removeAgain(context);
      const { _id, _rev } = context.instance;
      try {
        await services.global.deleteDocument(INSTANCES, _id, _rev, signal, () => lease.assertHeld());
        return 'destroyed';
      } catch (error) {
        if (isNoDocument(error)) return 'destroyed';
        if (!isStatus(error, 409)) throw error;
        await pauseAfterConflict(signal);
        const now = await readExpected(services, payload.domain, expected, signal);
        if (now === undefined) return 'destroyed';
        context.instance = now;
        await refuseUnwanted(context);
      }
    }
  },

  verify: async () => ['its document is there'],
};

async function hasComeBack(context: DestroyContext): Promise<boolean> {
  const { services, instance } = context;
  const [left, hasFiles] = await Promise.all([
    databasesLeft(context),
    services.storage.hasFiles(instance.domain),
  ]);
  return left.length > 0 || hasFiles;
}

async function removeAgain(context: DestroyContext): Promise<void> {
  await refuseUnwanted(context);
  if ((await databasesLeft(context)).length > 0) {
    const refuse = await refuseUnarchived(context, context.signal);
    if (!needsNoArchive(context)) await refuseUnwantedByNow(context);
    await deleteLateDatabases({ ...context, refuse });
  }
  await removeFiles(context);
}
