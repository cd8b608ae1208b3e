import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import { type AccountHooksOptions, assertAccountsCanGo, runAccountHooks } from '../../stack/account-hooks.ts';
import { type DestroyContext, type DestroyStage, ownerOf, refuseUnwanted } from './context.ts';

/** Lets konnectors tell other services that the accounts are gone (`docs/cozy-data.md` §6.4). */
export const accounts: DestroyStage = {
  name: 'accounts',

  async run(context) {
    await refuseUnwanted(context);
    const { services, instance } = context;
    // A reservation was never used, so it has no accounts.
    if (isReservation(instance)) return undefined;
    const { givenUp } = await runAccountHooks(hooksOf(context, instance));
    if (givenUp > 0) {
      services.log.warn('konnectors did not answer', { accounts: givenUp });
    }
    return undefined;
  },

  // A second run finds nothing left to tell.
  verify: async () => [],
};

/**
 * Asked before anything is touched: an instance that cannot go must not be left half-way.
 * @throws Refusal `accounts`
 */
export async function refuseForAccounts(context: DestroyContext, instance: StoredInstance): Promise<void> {
  if (context.payload.skipAccounts || isReservation(instance)) return;
  await assertAccountsCanGo(hooksOf(context, instance));
}

function hooksOf(
  { services, payload, signal, lease }: DestroyContext,
  instance: StoredInstance,
): AccountHooksOptions {
  return {
    ...ownerOf(instance),
    server: services.cluster(instance.couch_cluster),
    stackRedis: services.stack.jobs,
    skipAccounts: payload.skipAccounts,
    signal,
    assertHeld: () => lease.assertHeld(),
  };
}
