import { isNoDocument, isStatus } from '../../couchdb/errors.ts';
import { INSTANCES } from '../../instances/lookup.ts';
import { pauseAfterConflict } from '../../pause.ts';
import { readSeen } from '../seen-instance.ts';
import { type DestroyStage, refuseUnwanted } from './context.ts';
import { deleteLateDatabases } from './databases.ts';

/** Removes the document, after a last look for databases that a request has brought back (§8 trap 25). */
export const unregister: DestroyStage = {
  name: 'unregister',

  async run(context) {
    const { services, signal, lease, payload, seen } = context;
    await refuseUnwanted(context);
    for (;;) {
      await deleteLateDatabases(context);
      lease.assertHeld();
      const { _id, _rev } = context.instance;
      try {
        await services.global.deleteDocument(INSTANCES, _id, _rev, signal);
        return 'destroyed';
      } catch (error) {
        if (isNoDocument(error)) return 'destroyed';
        if (!isStatus(error, 409)) throw error;
        await pauseAfterConflict(signal);
        const now = await readSeen(services, payload.domain, seen, signal);
        if (now === undefined) return 'destroyed';
        context.instance = now;
      }
    }
  },

  verify: async () => ['its document is there'],
};
