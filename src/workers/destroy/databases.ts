import { haveSameDatabases } from '../instance/databases-of.ts';
import { databasesLeft, deleteDatabases } from '../instance/delete-databases.ts';
import { mayHaveAccounts, tellOfAccounts } from './accounts.ts';
import { beginRemoval, ensureArchive, needsNoArchive, refuseUnarchived } from './archived.ts';
import {
  type DestroyContext,
  type DestroyStage,
  flagged,
  refuseUnwanted,
  refuseUnwantedByNow,
  rewriteInstance,
  whileLocked,
} from './context.ts';
import { type Entrance, reopened, shut } from './shut.ts';

/**
 * Deletes what is there below the prefix of the document, never by a prefix that was computed
 * (`ARCHITECTURE.md` §3.6).
 */
export const databases: DestroyStage = {
  name: 'databases',

  async run(context) {
    let names = await look(context);
    const { shutFrom } = context;
    if (shutFrom !== undefined && (await mayHaveAccounts(context, context.instance, names))) {
      await tellLate(context, shutFrom);
      names = await look(context);
    }
    await ensureArchive(context);
    const mayHaveWaited = !needsNoArchive(context) || context.services.stack.lock !== undefined;
    await whileLocked(context, async (signal) => {
      if (mayHaveWaited) names = await look(context, refuseUnwantedByNow);
      await context.keepDate();
      const refuse = await refuseUnarchived(context, signal);
      if (!needsNoArchive(context)) await context.willRemove();
      await deleteDatabases({ ...context, signal, refuse }, names);
    });
    return undefined;
  },

  async verify(context) {
    const left = await databasesLeft(context);
    return left.map((name) => `database ${name} is left`);
  },
};

/**
 * @param refuse refuses what is not to go any more
 * @returns the names of its databases as they are listed after it was shut
 */
async function look(context: DestroyContext, refuse = refuseUnwanted): Promise<readonly string[]> {
  const before = context.instance;
  const [, listed] = await Promise.all([refuse(context), databasesLeft(context)]);
  // Where its prefix was corrected meanwhile, what was listed beside that look is another's.
  return haveSameDatabases(before, context.instance) ? listed : await databasesLeft(context);
}

/** For accounts that came while it was being shut: it is open for konnectors again until they have told of them. */
async function tellLate(context: DestroyContext, before: Entrance): Promise<void> {
  // As long as nobody else gets in.
  await beginRemoval(context);
  await rewriteInstance(context, (instance) => reopened(flagged(instance), before));
  context.shutFrom = undefined;
  await tellOfAccounts(context);
  await rewriteInstance(context, (instance) => shut(flagged(instance)));
  await context.hasToldLate();
}
