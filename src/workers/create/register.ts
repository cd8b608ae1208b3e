import { isStatus, unlessNoDatabase } from '../../couchdb/errors.ts';
import { SETTINGS } from '../../instances/databases/databases.ts';
import { databaseName, databasePrefix, reservationId } from '../../instances/databases/prefix.ts';
import type { StoredInstance } from '../../instances/documents/instance-document.ts';
import {
  isReservation,
  reservationDocument,
  reservationHash,
} from '../../instances/documents/reservation.ts';
import { SETTINGS_ID } from '../../instances/documents/settings-document.ts';
import {
  databasesLeftOver,
  filesLeftOver,
  refuseForeignReservation,
  refuseNameOwner,
  refuseOldDomain,
  refuseOtherPerson,
  splitOwners,
} from '../../instances/lookup/creation-rules.ts';
import { findByNames, findByOldDomain, INSTANCES, readInstance } from '../../instances/lookup/lookup.ts';
import { hasNamesView, idsByAnyReading } from '../../instances/lookup/name-census.ts';
import type { PossibleOwners } from '../../instances/lookup/owner-index.ts';
import { refuseMeantDomain, refuseUnreadableOwner } from '../../instances/lookup/sharing.ts';
import { optionsHash } from '../../instances/options/options.ts';
import { ensureGlobalDatabases } from '../../instances/platform/global-databases.ts';
import { newSecrets } from '../../instances/vault/secrets.ts';
import type { OutcomeOf } from '../../jobs/kinds/job-kinds.ts';
import { pause } from '../../pause.ts';
import { settleAll } from '../../settle-all.ts';
import { type AheadPlace, chooseAhead, claimItem, giveBack } from './claim-item.ts';
import { confirmItem } from './confirm-item.ts';
import { type CreateContext, type CreateStage, instanceOf } from './context.ts';
import { databasesLeft } from './databases-left.ts';

/** How long databases that were just deleted may take to go: CouchDB deletes in the background. */
const DELETION_MS = 5_000;
const DELETION_POLL_MS = 250;

/** Reserves the domain in `global/instances`, or finds out why it cannot be (`ARCHITECTURE.md` §3.5). */
export const register: CreateStage = {
  name: 'register',
  // It looks first; what it writes waits for the record (`reserve`).
  beginsMeanwhile: true,

  async run(context) {
    const { options } = context;
    const names = [options.domain, ...options.aliases];
    const surveying = survey(context, names);
    const choosing = chooseAhead(context);
    try {
      await settleAll<unknown>([surveying, choosing, context.recorded()]);
      return await decide(context, await surveying, await choosing);
    } finally {
      await giveBack(context, choosing);
    }
  },

  async verify(context) {
    const instance = await readInstance(context.services.global, instanceOf(context)._id, context.signal);
    return instance === undefined ? ['the document in global/instances is missing'] : [];
  },
};

async function decide(
  context: CreateContext,
  found: Survey,
  ahead: AheadPlace | undefined,
): Promise<OutcomeOf<'create'> | undefined> {
  const { options } = context;
  const { ours, other } = splitOwners(options.domain, found.owners);
  if (other !== undefined) {
    if (ours !== undefined) await dropReservation(context, ours);
    return await existsOrTaken(context, other);
  }
  if (ours === undefined) refuseOldDomain(found.moved);
  refuseMeantDomain(found.documents, options.domain, reservationId(options.domain));
  if (ours !== undefined) return await adopt(context, ours);
  const twin = await refuseLeftovers(context, found);
  if (twin !== undefined) return await adopt(context, twin);
  return await reserve(context, ahead);
}

/** All that could be in the way of a new instance. */
interface Survey {
  readonly documents: PossibleOwners;
  /** Instances that answer to one of our names. */
  readonly owners: readonly StoredInstance[];
  /** Instances that moved away from one of our names. */
  readonly moved: readonly StoredInstance[];
  /** Databases under our prefix. */
  readonly databases: readonly string[];
  readonly hasFiles: boolean;
}

async function survey(context: CreateContext, names: readonly string[]): Promise<Survey> {
  const { global } = context.services;
  try {
    return await lookAround(context, names);
  } catch (error) {
    // The very first job of a fleet may find no `global/instances` yet, or not all of its views.
    if (!isStatus(error, 404)) throw error;
    await ensureGlobalDatabases(global, context.signal);
    return await lookAround(context, names);
  }
}

async function lookAround(context: CreateContext, names: readonly string[]): Promise<Survey> {
  const { options, services, signal } = context;
  const [documents, databases, hasFiles] = await Promise.all([
    services.prefixIndex.refresh(signal),
    databasesLeft(context),
    services.storage.hasFiles(options.domain),
  ]);
  refuseUnreadableOwner(documents, names);
  const isNobodys = hasNamesView(documents) && idsByAnyReading(documents, names).size === 0;
  const [owners, moved] = isNobodys
    ? [[], []]
    : await Promise.all([
        findByNames(services.global, names, signal),
        findByOldDomain(services.global, names, signal),
      ]);
  return { documents, owners, moved, databases, hasFiles };
}

async function reserve(
  context: CreateContext,
  ahead: AheadPlace | undefined,
): Promise<OutcomeOf<'create'> | undefined> {
  const { options, services, signal, lease } = context;
  // Where this machine has other first files than were ordered, nothing is made: they would be missing once it is in use.
  if (options.skeleton !== undefined) await services.skeletons.find(options.skeleton, signal);
  const { register_token: _unused, ...secrets } = newSecrets();
  const { version: indexesVersion } = await services.platform.indexes();
  const { cluster, item } = await claimItem(context, ahead);
  const document = reservationDocument(options, { secrets, cluster, prefix: item?.prefix, indexesVersion });
  // A worker that slept must not reserve what its successor may have finished, and an operator destroyed since.
  const guard = () => lease.assertHeld();
  let reserved: StoredInstance;
  try {
    const rev = await services.global.putDocument(INSTANCES, document, signal, guard);
    reserved = { ...document, _rev: rev };
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const found = await readInstance(services.global, document._id, signal);
    if (found === undefined) throw error;
    return isReservation(found) ? await adopt(context, found) : await existsOrTaken(context, found);
  }
  await confirmItem(context, reserved, true);
  context.learn(reserved);
  return undefined;
}

/**
 * A reservation that was left when Redis was lost, and that a stack did not see: without it, the stack
 * would go on serving whichever of the two documents has the lower id.
 */
async function dropReservation(
  { options, services, signal, lease }: CreateContext,
  reservation: StoredInstance,
): Promise<void> {
  if (reservationHash(reservation) !== optionsHash(options)) return;
  const guard = () => lease.assertHeld();
  await services.global.deleteDocument(INSTANCES, reservation._id, reservation._rev, signal, guard);
}

/** A reservation with our very options is ours, or was before Redis was lost. */
async function adopt(context: CreateContext, found: StoredInstance): Promise<undefined> {
  const { options } = context;
  refuseForeignReservation(options, found);
  await confirmItem(context, found, false);
  context.learn(found);
  return undefined;
}

async function existsOrTaken(context: CreateContext, owner: StoredInstance): Promise<OutcomeOf<'create'>> {
  const { options, services, signal } = context;
  refuseNameOwner(options, owner);
  const server = services.cluster(owner.couch_cluster);
  const database = databaseName(databasePrefix(owner), SETTINGS);
  const reading = server.getDocument(database, SETTINGS_ID, signal);
  const settings = (await unlessNoDatabase(reading)) ?? {};
  refuseOtherPerson(options, owner, settings);
  return 'exists';
}

/**
 * Refuses what an earlier life of the domain left: its data must never show up for a new user.
 * @returns the reservation, when databases or files turn out to be those of a twin of this job
 */
async function refuseLeftovers(context: CreateContext, found: Survey): Promise<StoredInstance | undefined> {
  const { options, services, signal } = context;
  const deadline = performance.now() + DELETION_MS;
  let { databases } = found;
  while (databases.length > 0) {
    const twin = await reservationOfTwin(context);
    if (twin !== undefined) return twin;
    if (performance.now() >= deadline) {
      throw databasesLeftOver(options.domain, databases);
    }
    await pause(DELETION_POLL_MS, signal);
    databases = await databasesLeft(context);
  }
  if (!found.hasFiles) return undefined;
  const twin = await reservationOfTwin(context);
  if (twin !== undefined) return twin;
  throw filesLeftOver(options.domain, services.storage.name);
}

async function reservationOfTwin({
  options,
  services,
  signal,
}: CreateContext): Promise<StoredInstance | undefined> {
  const found = await readInstance(services.global, reservationId(options.domain), signal);
  return found !== undefined && isReservation(found) ? found : undefined;
}
