import { setTimeout as sleep } from 'node:timers/promises';
import { isStatus } from '../../couchdb/errors.ts';
import { PassingError } from '../../errors.ts';
import { Refusal } from '../../instances/errors.ts';
import { finishedDocument, isReservation } from '../../instances/instance-document.ts';
import { findIdsByNames, INSTANCES, readInstance, type StoredInstance } from '../../instances/lookup.ts';
import { newSecrets } from '../../instances/secrets.ts';
import { commonSettingsBody, commonSettingsOf, postCommonSettings } from './common-settings.ts';
import { type CreateContext, type CreateStage, instanceOf, superseded } from './context.ts';
import { databases } from './databases.ts';
import { missingDesigns } from './indexes.ts';
import { passphraseHash } from './settings.ts';

/** Puts the instance into use: from now on the stack serves it (design §3). */
export const finish: CreateStage = {
  name: 'finish',

  async run(context) {
    const reservation = instanceOf(context);
    // A crash between the write and its record: the work is done.
    if (!isReservation(reservation)) return undefined;
    await Promise.all([assertComplete(context), assertOnlyOwner(context, reservation)]);
    const hash = await passphraseHash(context);
    const wayIn =
      hash === undefined ? { registerToken: newSecrets().register_token } : { passphraseHash: hash };
    const document = finishedDocument(reservation, context.options, wayIn);
    try {
      const rev = await context.services.global.putDocument(INSTANCES, document, context.signal);
      context.instance = { ...document, _rev: rev };
      await announce(context, context.instance);
      return undefined;
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      // A twin was faster, or somebody took the domain away: the document says which.
      const now = await readInstance(context.services.global, reservation._id, context.signal);
      if (now === undefined || now.cli_secret !== reservation.cli_secret)
        throw superseded(reservation.domain);
      context.instance = now;
      if (isReservation(now)) throw error;
      return undefined;
    }
  },

  async verify(context) {
    return isReservation(instanceOf(context)) ? ['the instance is still reserved'] : [];
  },
};

/** Tells the context's settings service, where one is configured; like the stack, a failure is only logged. */
async function announce(context: CreateContext, instance: StoredInstance): Promise<void> {
  const { options, services, signal } = context;
  const service = commonSettingsOf(services.commonSettings, options.context);
  if (service === undefined) return;
  const problem = await postCommonSettings(
    service,
    commonSettingsBody(options, services.linkScheme, Date.now()),
    signal,
  );
  if (problem !== undefined) {
    services.log.warn('common settings were not told', { domain: options.domain, problem });
    return;
  }
  try {
    const told: StoredInstance = { ...instance, common_settings_version: 1 };
    context.instance = { ...told, _rev: await services.global.putDocument(INSTANCES, told, signal) };
  } catch (error) {
    // Its user was faster. Without the version the stack tells the service again, which does no harm.
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
    await sleep(CATCH_UP_POLL_MS, undefined, { signal: context.signal });
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
  return [...(await databases.verify(context)), ...(await missingDesigns(context, context.acknowledged))];
}

/**
 * A stack knows no reservations by job: it may have made the same domain meanwhile, with an id of its own.
 * Then only our reservation goes; the databases may be the other's by now.
 */
async function assertOnlyOwner(context: CreateContext, reservation: StoredInstance): Promise<void> {
  const { options, services, signal, lease } = context;
  const owners = await findIdsByNames(services.global, [options.domain, ...options.aliases], signal);
  for (const id of owners) {
    const other = id === reservation._id ? undefined : await readInstance(services.global, id, signal);
    if (other === undefined) continue;
    lease.assertHeld();
    await services.global.deleteDocument(INSTANCES, reservation._id, reservation._rev, signal);
    throw new Refusal(
      'second_owner',
      `another instance, ${other.domain}, took a name of ${options.domain} while it was being made`,
      'Nothing of the other was touched. Submit it again with other names if it is still wanted.',
    );
  }
  if (owners.includes(reservation._id)) return;
  if ((await readInstance(services.global, reservation._id, signal)) === undefined) {
    throw superseded(options.domain);
  }
  // It is there: the look-up was answered by a node that does not know it yet, and may lack others too.
  throw new PassingError('lookup_lags', `the look-up of names does not know ${options.domain} yet`);
}
