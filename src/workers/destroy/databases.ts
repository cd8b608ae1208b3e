import { databasesLeft, deleteDatabases } from '../instance/delete-databases.ts';
import { type DestroyStage, refuseUnwanted, whileLocked } from './context.ts';

/**
 * Deletes what is there below the prefix of the document, never by a prefix that was computed
 * (`ARCHITECTURE.md` §3.6).
 */
export const databases: DestroyStage = {
  name: 'databases',

  async run(context) {
    await refuseUnwanted(context);
    await whileLocked(context, (signal) => deleteDatabases({ ...context, signal }));
    return undefined;
  },

  async verify(context) {
    const left = await databasesLeft(context);
    return left.map((name) => `database ${name} is left`);
  },
};
