import { isStatus } from '../../couchdb/errors.ts';
import { PassingError } from '../../errors.ts';
import { NEWEST_INDEXES_VERSION } from '../../instances/databases/databases.ts';
import { type Credential, finishedDocument } from '../../instances/documents/finished-document.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import { isFinished, isReservation } from '../../instances/documents/reservation.ts';
import { beingDeleted, Refusal } from '../../instances/errors.ts';
import { findIdsByNames, INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import { isKnownAlone } from '../../instances/lookup/name-census.ts';
import { newSecrets } from '../../instances/vault/secrets.ts';
import { pause, pauseAfterConflict } from '../../pause.ts';
import { settleAll } from '../../settle-all.ts';
import { commonSettingsOf, firstBody, postCommonSettings } from '../../stack/common-settings.ts';
import { unlessSilent } from '../../stack/silent-services.ts';
import { NotTold } from '../../stack/told-service.ts';
import { type CreateContext, type CreateStage, instanceOf, notOurs } from './context.ts';
import { databases } from './databases.ts';
import { missingDesigns } from './indexes.ts';
import { assertStillAlone, leavePool } from './leave-pool.ts';
import { passphraseHash, registersAny } from './settings.ts';
import { VaultTaken } from './vault.ts';

/** How long the hash of a vault that a stack wrote may take to follow, in milliseconds. */
const HASH_MS = 10_000;
const HASH_POLL_MS = 250;

/** Puts the instance into use: from now on the stack serves it (`ARCHITECTURE.md` §3.5). */
export const finish: CreateStage = {
  name: 'finish',
  // It looks first.
  beginsMeanwhile: true,

  async run(context) {
    // A crash between the write and its record: the work is done.
    if (isFinished(instanceOf(context))) {
      await announce(context, instanceOf(context));
      await assertStillAlone(context, false);
      leavePool(context);
      return undefined;
    }
    // What is in use must be known to be filled: no later attempt writes into it.
    await settleAll([assertComplete(context), assertOnlyOwner(context), context.recorded()]);
    const deadline = performance.now() + HASH_MS;
    let became = await putIntoUse(context);
    while (became === 'waits') {
      if (performance.now() >= deadline) throw new VaultTaken(context.options.domain);
      await pause(HASH_POLL_MS, context.signal);
      context.instance = await readOwn(context);
      became = await putIntoUse(context);
    }
    await assertStillAlone(context, became === 'written');
    // Only now: what the service was told nobody takes back.
    if (became === 'written') await announce(context, instanceOf(context));
    leavePool(context);
    return undefined;
  },

  async verify(context) {
    return isFinished(instanceOf(context)) ? [] : ['the instance is still reserved'];
  },
};

/**
 * Turns the reservation into the real document, as it is by then: a stack may write into it at any time.
 * @returns `waits` when a stack wrote the vault, and the hash that goes with it is not there yet; `found` when a twin was faster
 */
async function putIntoUse(context: CreateContext): Promise<'written' | 'found' | 'waits'> {
  const { services, options, signal, lease } = context;
  for (;;) {
    const reservation = instanceOf(context);
    if (isFinished(reservation)) return 'found';
    refuseUnclear(reservation);
    const credential = await wayInto(context, reservation);
    if (credential === undefined) return 'waits';
    const document = finishedDocument(reservation, options, credential);
    try {
      const rev = await services.global.putDocument(INSTANCES, document, signal, () => lease.assertHeld());
      context.instance = { ...document, _rev: rev };
      return 'written';
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      // A twin of this job, a stack, or a creation of the same domain: the document says which.
      await pauseAfterConflict(signal);
      context.instance = await readOwn(context);
    }
  }
}

/** A passphrase that came by message is its user's: it beats the one of the options. */
async function wayInto(context: CreateContext, reservation: StoredInstance): Promise<Credential | undefined> {
  const registerToken = newSecrets().register_token;
  if (!registersAny(context)) return { registerToken };
  if (reservation.passphrase_hash) return { passphraseHash: reservation.passphrase_hash };
  const hash = await passphraseHash(context);
  return hash === undefined ? undefined : { passphraseHash: hash };
}

/** The document as it is now. @throws Refusal `superseded` when it is gone or of another life */
async function readOwn(context: CreateContext): Promise<StoredInstance> {
  const { _id, domain, cli_secret: secret } = instanceOf(context);
  const now = await readInstance(context.services.global, _id, context.signal);
  if (now === undefined || now.cli_secret !== secret) throw notOurs(domain);
  return now;
}

/**
 * A reservation without its block, or with another reason for it, is no risk as long as it has no passphrase: nobody
 * could log in. With a passphrase, another program may have finished the instance, and its owner may be using it.
 * @throws Refusal `changed`, `deleting`
 */
function refuseUnclear(instance: StoredInstance): void {
  const { domain } = instance;
  if (instance.deleting === true) {
    throw beingDeleted(domain, 'Somebody else began that while the instance was being made.');
  }
  if (isReservation(instance) || !instance.passphrase_hash) return;
  throw new Refusal(
    'changed',
    `somebody unblocked ${domain}, or blocked it for another reason, while it was being made, and it has a passphrase by now`,
    `Nothing was touched. See what it is: cozy-fleet instances show ${domain}.`,
  );
}

/** Tells the context's settings service, where one is configured; like with a stack, a failure changes nothing, and is noted. */
async function announce(context: CreateContext, instance: StoredInstance): Promise<void> {
  const { options, services, signal, lease } = context;
  context.tellsAnew();
  const service = commonSettingsOf(services.commonSettings, options.context);
  // A stack that changed the settings while the instance was being made has told the service already.
  if (service === undefined || instance.common_settings_version) return;
  try {
    const body = firstBody(options, services.linkScheme, Date.now());
    await unlessSilent(services.silentServices, service.url, () => postCommonSettings(service, body, signal));
  } catch (error) {
    if (!(error instanceof NotTold)) throw error;
    services.log.warn('common settings were not told', { problem: error.message });
    context.notTold(error.message);
    return;
  }
  try {
    const told: StoredInstance = { ...instance, common_settings_version: 1 };
    const guard = () => lease.assertHeld();
    const rev = await services.global.putDocument(INSTANCES, told, signal, guard);
    context.instance = { ...told, _rev: rev };
  } catch (error) {
    // Its owner changed something first. Without the version the stack tells the service again, which does no harm.
    if (!isStatus(error, 409)) throw error;
  }
}

/** How long a node of the cluster may take to know what was made on another one, in milliseconds. */
const CATCH_UP_MS = 5_000;
const CATCH_UP_POLL_MS = 300;

async function assertComplete(context: CreateContext): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS;
  let missing = await whatIsMissing(context);
  while (missing.length > 0 && performance.now() < deadline) {
    await pause(CATCH_UP_POLL_MS, context.signal);
    missing = await whatIsMissing(context);
  }
  if (missing.length === 0) return;
  throw new Refusal(
    'incomplete',
    `${context.options.domain} is not complete: ${missing.slice(0, 3).join('; ')}`,
    'Something else removes databases of this instance. Try the job again: cozy-fleet jobs retry.',
  );
}

async function whatIsMissing(context: CreateContext): Promise<string[]> {
  const designs = await missingDesigns(context, context.acknowledged);
  if (designs.length > 0) context.instance = await readOwn(context);
  // A newer stack has put definitions of its own in their place, which we do not know, and looks after them.
  const isForeign = (instanceOf(context).indexes_version ?? 0) > NEWEST_INDEXES_VERSION;
  return [...(await databases.verify(context)), ...(isForeign ? [] : designs)];
}

/**
 * A stack knows no reservations by job: it may have made the same domain meanwhile, with an id of its own.
 * Then only our reservation goes; the databases may be the other's by now.
 */
async function assertOnlyOwner(context: CreateContext): Promise<void> {
  const reservation = instanceOf(context);
  const { options, services, signal, lease } = context;
  const names = [options.domain, ...options.aliases];
  if (isKnownAlone(await services.prefixIndex.refresh(signal), reservation, names)) return;
  const owners = await findIdsByNames(services.global, names, signal);
  for (const id of owners) {
    const other = id === reservation._id ? undefined : await readInstance(services.global, id, signal);
    if (other === undefined) continue;
    await context.recorded();
    // As it is by now: a stack may have written into it.
    const { _id, _rev } = await readOwn(context);
    await services.global.deleteDocument(INSTANCES, _id, _rev, signal, () => lease.assertHeld());
    throw new Refusal(
      'second_owner',
      `another instance, ${other.domain}, took a name of ${options.domain} while it was being made`,
      'Nothing of the other was touched. Submit it again with other names if it is still wanted.',
    );
  }
  if (owners.includes(reservation._id)) return;
  if ((await readInstance(services.global, reservation._id, signal)) === undefined) {
    throw notOurs(options.domain);
  }
  // It is there: the look-up was answered by a node that does not know it yet, and may lack others too.
  throw new PassingError('lookup_lags', `the look-up of names does not know ${options.domain} yet`);
}
