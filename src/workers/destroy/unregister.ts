import { isNoDocument, isStatus } from '../../couchdb/errors.ts';
import { INSTANCES } from '../../instances/lookup/lookup.ts';
import { pauseAfterConflict } from '../../pause.ts';
import { deleteLateDatabases } from '../instance/delete-databases.ts';
import { readExpected } from '../instance/expected-instance.ts';
import { removeFiles } from '../instance/remove-files.ts';
import { type DestroyStage, refuseUnwanted } from './context.ts';

/**
 * Removes the document, after a last look for what a request has brought back (`docs/cozy-data.md` §8 trap 25):
 * databases and files without a document would be orphans, so what the job says of earlier stages does not
 * count.
 */
export const unregister: DestroyStage = {
  name: 'unregister',

  async run(context) {
    const { services, signal, lease, payload, expected } = context;
    await context.outlastDead();
    await refuseUnwanted(context);
    for (;;) {
      await deleteLateDatabases(context);
      await removeFiles(context);
      lease.assertHeld();
      const { _id, _rev } = context.instance;
      try {
        await services.global.deleteDocument(INSTANCES, _id, _rev, signal);
        return 'destroyed';
      } catch (error) {
        if (isNoDocument(error)) return 'destroyed';
        if (!isStatus(error, 409)) throw error;
        await pauseAfterConflict(signal);
        if ((await readExpected(services, payload.domain, expected, signal)) === undefined)
          return 'destroyed';
        await refuseUnwanted(context);
      }
    }
  },

  verify: async () => ['its document is there'],
};
