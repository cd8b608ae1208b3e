import { refuseMembersLeft } from '../../instances/change/refuse-members-left.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { beingDeleted, type Refusal } from '../../instances/errors.ts';
import { refuseOtherRevision } from '../../instances/lookup/changed-since-plan.ts';
import type { InstanceFilter } from '../../instances/lookup/instance-filter.ts';
import { refuseDated } from '../../jobs/dates/date-in-the-way.ts';
import { refuseChanged, refuseUnmeant } from '../instance/expected-instance.ts';
import { refuseUnremovable } from '../instance/refusals.ts';
import { mayHaveAccounts, refuseForAccounts } from './accounts.ts';
import { ensureArchive } from './archived.ts';
import { type DestroyContext, type DestroyStage, rewriteInstance, takenBack } from './context.ts';
import { isOwnFlag } from './own-flag.ts';
import { shut } from './shut.ts';

/**
 * Makes sure that this is what the operator wanted gone, and flags it `deleting` (`ARCHITECTURE.md` §3.6). One without
 * accounts is shut in the same write: nobody has to get in any more.
 */
export const mark: DestroyStage = {
  name: 'mark',

  async run(context) {
    let before: StoredInstance | undefined;
    // Another worker may have made it, on another machine.
    await ensureArchive(context);
    await rewriteInstance(
      context,
      (instance) => ({ ...(before === undefined ? instance : shut(instance)), deleting: true }),
      async (instance) => {
        before = (await mayBeShut(context, instance)) ? instance : undefined;
        if (isOwnFlag(context.markedFrom(), instance)) return;
        await context.claimDate(instance);
        await context.willMark(instance._rev, before !== undefined && instance.blocked !== true);
      },
    );
    // Also where an answer was lost: the reading that follows shows what was written.
    context.shutFrom = before ?? context.shutEarlier();
    return undefined;
  },

  verify: async ({ instance }) => (instance.deleting === true ? [] : ['it is not flagged deleting any more']),
};

/** Asked before it is exported, by the rules of this stage. @throws Refusal */
export async function refuseUnmarkable(context: DestroyContext): Promise<void> {
  await mayBeShut(context, context.instance);
}

/** @returns whether it may be shut at once; accounts of one that is flagged already are looked at later. */
async function mayBeShut(context: DestroyContext, instance: StoredInstance): Promise<boolean> {
  const { filter, resume, unlessMembers, unlessChanged } = context.payload;
  const { domain } = instance;
  if (instance.deleting === true && !resume && !isOwnFlag(context.markedFrom(), instance))
    throw flaggedByOthers(domain);
  if (instance.deleting !== true && context.wasMarked) throw takenBack(domain);
  const asked = instance.deleting === true ? withoutStates(filter) : filter;
  refuseChanged(asked, instance);
  if (instance.deleting !== true) refuseOtherRevision(instance, unlessChanged);
  const listed = await refuseUnremovable(context.services, instance, context.signal);
  if (unlessMembers === true && instance.deleting !== true) {
    refuseMembersLeft(await context.services.prefixIndex.refresh(context.signal), instance);
    await refuseDated(context.services.global, instance, context.signal);
  }
  // The last question before the write: the owner may have come back at this very moment.
  await refuseUnmeant(context.services, asked, instance, context.signal);
  if (instance.deleting === true) return false;
  if (!(await mayHaveAccounts(context, instance, listed))) return true;
  await refuseForAccounts(context, instance);
  return false;
}

/** With its flag set, the state of an instance is another one than the operator saw. */
function withoutStates(filter: InstanceFilter | undefined): InstanceFilter | undefined {
  if (filter === undefined) return undefined;
  const { states: _seen, ...others } = filter;
  return others;
}

/** For a flag that this job has not set. */
function flaggedByOthers(domain: string): Refusal {
  return beingDeleted(
    domain,
    [
      'If a job of ours failed, try it again: cozy-fleet jobs retry.',
      `If no stack is at it, take it over: cozy-fleet instances destroy ${domain} --resume.`,
      `To keep the instance: cozy-fleet instances modify ${domain} --deleting=false, then --blocked=false if it was shut already.`,
    ].join('\n'),
  );
}
