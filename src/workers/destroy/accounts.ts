import { databaseName } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isReservation } from '../../instances/documents/reservation.ts';
import {
  ACCOUNT_DATABASES,
  type AccountHooksOptions,
  assertAccountsCanGo,
  runAccountHooks,
} from '../../stack/account-hooks.ts';
import { databasesOf } from '../instance/databases-of.ts';
import { beginRemoval } from './archived.ts';
import { type DestroyContext, type DestroyStage, ownerOf, refuseUnwanted } from './context.ts';

/** Lets konnectors tell other services that the accounts are gone (`docs/cozy-data.md` §6.4). */
export const accounts: DestroyStage = {
  name: 'accounts',

  // Nobody had one when the instance was shut, and `databases` looks again.
  isIdle: ({ shutFrom }) => shutFrom !== undefined,

  async run(context) {
    await refuseUnwanted(context);
    await beginRemoval(context);
    await tellOfAccounts(context);
    return undefined;
  },

  // A second run finds nothing left to tell.
  verify: async () => [],
};

/** Has the accounts deleted elsewhere; may be repeated. @throws Refusal `accounts`, AccountHookFailed */
export async function tellOfAccounts(context: DestroyContext): Promise<void> {
  const { services, instance } = context;
  // A reservation was never used, so it has no accounts.
  if (isReservation(instance)) return;
  const { givenUp } = await runAccountHooks(hooksOf(context, instance));
  if (givenUp > 0) services.log.warn('konnectors did not answer', { accounts: givenUp });
}

/**
 * Whether the instance may have accounts of which somebody would have to be told: it has none without their databases.
 * @param listed names of its databases; what a list lacks is asked for by name, unless the cluster is one node
 */
export async function mayHaveAccounts(
  { services, payload, signal }: DestroyContext,
  instance: StoredInstance,
  listed: readonly string[],
): Promise<boolean> {
  if (payload.skipAccounts || isReservation(instance)) return false;
  const { server, prefix } = databasesOf(services, instance);
  const names = ACCOUNT_DATABASES.map((doctype) => databaseName(prefix, doctype));
  if (names.some((name) => listed.includes(name))) return true;
  if (await services.hasOneNode(server, signal)) return false;
  const found = await Promise.all(names.map((name) => server.databaseExists(name, signal)));
  return found.includes(true);
}

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
