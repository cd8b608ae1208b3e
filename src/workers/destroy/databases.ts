import { whileLocked } from './as-stack.ts';
import { type DestroyContext, type DestroyStage, databasesOf, refuseUnwanted } from './context.ts';
import { refuseOddPrefix } from './removable.ts';

/** Deletes the databases that are there, never by a computed name (design §3). */
export const databases: DestroyStage = {
  name: 'databases',

  async run(context) {
    await refuseUnwanted(context);
    await whileLocked(context, (signal) => deleteDatabases({ ...context, signal }));
    return undefined;
  },

  async verify(context) {
    const { server, prefix } = databasesOf(context);
    const left = await server.listDatabases(`${prefix}/`, context.signal);
    return left.map((name) => `database ${name} is left`);
  },
};

/** Deletes every database below the prefix of the instance's document. @throws LostLock */
export async function deleteDatabases(
  context: Pick<DestroyContext, 'services' | 'instance' | 'signal' | 'lease'>,
): Promise<void> {
  refuseOddPrefix(context.instance);
  const { server, prefix } = databasesOf(context);
  const { signal, lease } = context;
  const names = await server.listDatabases(`${prefix}/`, signal);
  // Many wait for their turn, and the lease may be lost until it comes.
  const guard = () => lease.assertHeld();
  await Promise.all(names.map((name) => server.deleteDatabase(name, signal, guard)));
}
