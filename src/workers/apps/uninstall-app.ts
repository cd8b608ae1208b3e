import { AppError } from '../../apps/errors.ts';
import { appId, doctypeOf, PERMISSIONS, TRIGGERS } from '../../apps/manifest/documents.ts';
import { storedServices } from '../../apps/update/updated-documents.ts';
import type { StoredDocument } from '../../couchdb/documents.ts';
import { isNoDocument, unlessNoDatabase } from '../../couchdb/errors.ts';
import { databaseName } from '../../instances/databases/prefix.ts';
import { deleteTriggers } from '../../stack/delete-triggers.ts';
import {
  deleteKonnectorAccounts,
  findKonnectorAccounts,
  type KonnectorAccounts,
} from '../../stack/konnector-accounts.ts';
import type { JobTimes } from '../../stack/konnector-jobs.ts';
import { withAppLock } from '../../stack/lock.ts';
import { stackPrefix } from '../../stack/stack-instance.ts';
import { foreignFiles } from '../instance/remove-files.ts';
import { findApp, kindOf, strayTriggers } from './app-documents.ts';
import { type AppWork, installInstance, placeOf } from './install-app.ts';
import { refuseBusy } from './refuse-busy.ts';

/** One application that is to be uninstalled from one instance; `app` is its slug. */
export interface AppRemoval extends AppWork {
  /** Whether the code of all its versions goes, too. */
  readonly purgeCode: boolean;
  /** Whether an earlier try of the job has begun to remove it. */
  readonly hasBegun: boolean;
  /** How konnectors are waited for, where that is to be other than usual. */
  readonly konnectorTimes?: JobTimes;
  /** Told right before anything is removed. */
  onRemove(): Promise<void>;
}

const CLIENTS = 'io.cozy.oauth.clients';

/** Permission documents of one application that a stack deletes. */
const MOST_PERMISSIONS = 1_000;

/**
 * Uninstalls one application as a stack does (`docs/cozy-data.md` §5.6). Of a webapp: triggers of its services, its
 * permissions, and last its document. Of a konnector: the accounts that its triggers name, with these, before the rest.
 * May be repeated at any point.
 *
 * @returns `absent` where there was nothing of it
 * @throws AppError `app_konnector`, `app_busy`, and, unless it has begun, `app_linked`, Refusal `foreign_files`, with nothing
 * touched; AccountHookFailed, after which the next try has the konnector try again; CouchError, StorageError, StackError
 */
export async function uninstallApp(removal: AppRemoval): Promise<'uninstalled' | 'absent'> {
  const { services, instance, app: slug, signal, hasBegun } = removal;
  const { storage } = services;
  if (removal.purgeCode && (await storage.isForeign(instance.domain))) {
    throw foreignFiles(services, instance.domain);
  }
  const seen = await findApp(placeOf(removal), slug);
  // A konnector that deletes accounts takes the lock itself, when it looks for a newer version.
  if (seen !== undefined && kindOf(seen) === 'konnector') await removeAccounts(removal, seen);
  return await withAppLock(
    services.stack.lock,
    stackPrefix(instance),
    slug,
    async (locked) => {
      const here = { ...removal, signal: locked };
      const installed = await findApp(placeOf(here), slug);
      if (installed !== undefined) await removeDocuments(here, installed);
      const isCodeGone = await purgeCode(here, installed);
      return installed !== undefined || hasBegun || isCodeGone ? 'uninstalled' : 'absent';
    },
    { signal },
  );
}

/** @throws AppError `app_konnector` with nothing touched, `app_busy` */
async function removeAccounts(removal: AppRemoval, manifest: StoredDocument): Promise<void> {
  const { services, instance, app: slug, lease, signal, hasBegun, konnectorTimes } = removal;
  refuseBusy(slug, manifest);
  const { server, prefix } = placeOf(removal);
  const { domain, couch_cluster: couchCluster } = instance;
  const options = {
    ...{ domain, prefix, couchCluster, server, signal },
    assertHeld: () => lease.assertHeld(),
    ...(konnectorTimes && { times: konnectorTimes }),
  };
  const { jobs } = services.stack;
  const accounts = await findKonnectorAccounts(options, { slug, manifest }, hasBegun);
  if (accounts.needsStack && jobs === undefined) throw needsStack(slug, accounts);
  if (accounts.triggers.length === 0) return;
  await removal.onRemove();
  const { givenUp } = await deleteKonnectorAccounts(options, jobs, accounts);
  if (givenUp > 0) services.log.warn('konnectors did not answer', { app: slug, accounts: givenUp });
}

async function removeDocuments(removal: AppRemoval, installed: StoredDocument): Promise<void> {
  const { services, instance, app: slug, lease } = removal;
  const place = placeOf(removal);
  const { server, prefix, signal } = place;
  const assertHeld = () => lease.assertHeld();
  const kind = kindOf(installed);
  // Without its triggers and permissions it is of no use to a client that came meanwhile either.
  if (kind === 'webapp' && !removal.hasBegun) await refuseLinked(removal);
  refuseBusy(slug, installed);
  await removal.onRemove();
  const about = installInstance(instance);
  const named = [...storedServices(installed['services']).values()].map(({ trigger_id }) => trigger_id);
  // An update that was cut may have left some.
  const strays = await strayTriggers(place, slug, about, new Set(named));
  await deleteTriggers({
    server,
    database: databaseName(prefix, TRIGGERS),
    instance: { prefix: about.prefix, couchCluster: about.couchCluster },
    ids: [...named.filter((id) => id !== ''), ...strays],
    stackRedis: services.stack.jobs,
    signal,
    assertHeld,
  });
  const permissions = databaseName(prefix, PERMISSIONS);
  const selector = { source_id: appId(kind, slug), type: kind === 'webapp' ? 'app' : 'konnector' };
  const query = { selector, use_index: 'by-source-and-type', limit: MOST_PERMISSIONS };
  for (const { _id, _rev } of await server.find(permissions, query, signal)) {
    assertHeld();
    await unlessGone(server.deleteDocument(permissions, _id, _rev, signal));
  }
  assertHeld();
  const { _id, _rev } = installed;
  await unlessGone(server.deleteDocument(databaseName(prefix, doctypeOf(kind)), _id, _rev, signal));
}

/**
 * @param installed as it was; of one that was not, what any kind of application has left goes
 * @returns whether there was code of it
 */
async function purgeCode(removal: AppRemoval, installed: StoredDocument | undefined): Promise<boolean> {
  const { services, instance, app: slug, lease, purgeCode: isWanted } = removal;
  if (!isWanted) return false;
  const guard = () => lease.assertHeld();
  const kinds = installed === undefined ? (['webapp', 'konnector'] as const) : [kindOf(installed)];
  let isCodeGone = false;
  for (const kind of kinds) {
    const found = await services.storage.removeApp(instance.domain, { kind, slug }, guard);
    if (found === 'foreign') throw foreignFiles(services, instance.domain);
    if (found === 'removed') isCodeGone = true;
  }
  return isCodeGone;
}

function needsStack(slug: string, { live, begun }: KonnectorAccounts): AppError {
  const count = live.length + begun.length;
  return new AppError(
    'app_konnector',
    `${count === 1 ? '1 account' : `${count} accounts`} of the konnector ${slug} can only be deleted at the provider by a running stack, and no Redis of a stack is configured`,
    'final',
    "Set the stack's redis.addrs, or have a stack uninstall it: cozy-stack konnectors uninstall.",
  );
}

/** A client for a phone or a desktop works by the permissions of its webapp. */
async function refuseLinked(removal: AppRemoval): Promise<void> {
  const { server, prefix, signal } = placeOf(removal);
  const query = { selector: { software_id: `registry://${removal.app}` }, limit: 1 };
  const found = await unlessNoDatabase(server.find(databaseName(prefix, CLIENTS), query, signal));
  if (found === undefined || found.length === 0) return;
  throw new AppError(
    'app_linked',
    `application ${removal.app} is used by an OAuth client of the instance`,
    'final',
    'A stack does not uninstall it either: its owner has to revoke that device first.',
  );
}

async function unlessGone(deleting: Promise<void>): Promise<void> {
  try {
    await deleting;
  } catch (error) {
    if (!isNoDocument(error)) throw error;
  }
}
