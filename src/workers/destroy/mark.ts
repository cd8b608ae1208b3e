import { Refusal } from '../../instances/errors.ts';
import type { StoredInstance } from '../../instances/lookup.ts';
import { refuseChanged } from '../seen-instance.ts';
import { refuseForAccounts } from './accounts.ts';
import { type DestroyContext, type DestroyStage, databasesOf, rewriteInstance } from './context.ts';

/** Names that CouchDB would take for databases; anything else would list what is not the instance's. */
const PREFIX = /^[a-z0-9][a-z0-9_$()+-]*$/;

/** Makes sure that this is what the operator wanted gone, and flags it `deleting` (design §3). */
export const mark: DestroyStage = {
  name: 'mark',

  async run(context) {
    await rewriteInstance(context, async (instance) => {
      await refuse(context, instance);
      if (!isOwnFlag(context, instance)) await context.willMark(instance._rev);
      return { ...instance, deleting: true };
    });
    return undefined;
  },

  verify: async ({ instance }) => (instance.deleting === true ? [] : ['it is not flagged deleting any more']),
};

async function refuse(context: DestroyContext, instance: StoredInstance): Promise<void> {
  const { filter, resume } = context.payload;
  if (instance.swift_cluster) {
    throw new Refusal('swift', `the files of ${instance.domain} are in Swift, which cannot be cleaned yet`);
  }
  if (instance.deleting === true && !resume && !isOwnFlag(context, instance)) throw deleting(instance.domain);
  // With its flag set, its state is another one than the operator saw.
  if (instance.deleting !== true) refuseChanged(filter, instance);
  await refuseSharedPrefix(context, instance);
  if (instance.deleting !== true) await refuseForAccounts(context, instance);
}

async function refuseSharedPrefix(
  { services, signal, payload }: DestroyContext,
  instance: StoredInstance,
): Promise<void> {
  const { prefix } = databasesOf({ services, instance });
  if (!PREFIX.test(prefix)) {
    throw new Refusal('shared_prefix', `the prefix of ${payload.domain} is not one of an instance`);
  }
  const [other] = await services.census.others(prefix, instance._id, signal);
  if (other === undefined) return;
  throw new Refusal(
    'shared_prefix',
    `${instance.domain} and ${other.domain} have the same databases (${prefix})`,
    'Nothing was touched. Find out which of the two documents is right, and remove the other by hand.',
  );
}

/**
 * Whether this job set the flag before it died: the next revision after the one it wrote down. Nobody
 * else of ours is at it, for this job holds the name.
 */
function isOwnFlag(context: DestroyContext, { deleting, _rev }: StoredInstance): boolean {
  const from = context.markedFrom();
  return deleting === true && from !== undefined && generationOf(_rev) > generationOf(from);
}

function generationOf(rev: string): number {
  return Number.parseInt(rev, 10);
}

/** What to do about a flag that somebody else has set. */
export function deleting(domain: string): Refusal {
  return new Refusal(
    'deleting',
    `${domain} is being deleted already, or a deletion of it has stopped half-way`,
    [
      'If a job of ours failed, try it again: cozy-fleet jobs retry.',
      `If no stack is at it, take it over: cozy-fleet instances destroy ${domain} --resume.`,
      `To keep the instance: cozy-fleet instances modify ${domain} --deleting=false.`,
    ].join('\n'),
  );
}
