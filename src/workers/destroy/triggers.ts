import { removeTriggers } from '../../stack/triggers.ts';
import { beginRemoval } from './archived.ts';
import { type DestroyStage, ownerOf, refuseUnwanted } from './context.ts';

/** Takes the triggers from the stack's scheduler, before the databases go that name them. */
export const triggers: DestroyStage = {
  name: 'triggers',

  // A stack without a Redis has its scheduler in its memory, and passes over what has no document any more.
  isIdle: ({ services }) => services.stack.jobs === undefined,

  async run(context) {
    await refuseUnwanted(context);
    await beginRemoval(context);
    const { services, instance, signal, lease } = context;
    const server = services.cluster(instance.couch_cluster);
    await removeTriggers({
      ...ownerOf(instance),
      server,
      stackRedis: services.stack.jobs,
      signal,
      assertHeld: () => lease.assertHeld(),
    });
    return undefined;
  },

  // Those that came back meanwhile go with their database, and the scheduler passes over them.
  verify: async () => [],
};
