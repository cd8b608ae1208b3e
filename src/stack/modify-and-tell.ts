import type { Cloudery, CommonSettings, Config } from '../config/config.ts';
import type { CouchDocument } from '../couchdb/documents.ts';
import {
  type ExistingInstance,
  readSettings,
  updateInstance,
} from '../instances/change/existing-instance.ts';
import { type Modification, type ModifyResult, modifyInstance } from '../instances/change/modify-instance.ts';
import type { StoredInstance } from '../instances/documents/instance-document.ts';
import { SETTINGS_ID } from '../instances/documents/settings-document.ts';
import type { Scheme } from '../instances/domains/registration-link.ts';
import type { InstanceChanges } from '../instances/options/changes.ts';
import { clouderyOf, putInCloudery } from './cloudery.ts';
import {
  changedBody,
  commonSettingsOf,
  firstBody,
  getCommonSettings,
  isSameVersion,
  postCommonSettings,
  putCommonSettings,
} from './common-settings.ts';
import { type SilentServices, unlessSilent } from './silent-services.ts';
import { NotTold } from './told-service.ts';

/** The services beside a stack that it tells of changes. */
export interface ToldServices {
  /** By context. */
  readonly commonSettings: Readonly<Record<string, CommonSettings>>;
  /** By context. */
  readonly clouderies: Readonly<Record<string, Cloudery>>;
  readonly linkScheme: Scheme;
  /** Those that are left alone for a while; absent where each change may wait. */
  readonly silentServices?: SilentServices;
}

/** Those that are configured. */
export function toldServicesOf({ commonSettings, clouderies, fleet }: Config): ToldServices {
  return { commonSettings, clouderies, linkScheme: fleet.linkScheme };
}

/** A service that does not know of a change. */
export interface Untold {
  readonly service: 'common settings' | 'Cloudery';
  /** Why; holds neither address nor token. */
  readonly problem: string;
}

export interface ToldModification extends Modification {
  readonly told: ToldServices;
  /** Whether the change comes from the Cloudery itself, which is then not told. */
  readonly fromCloudery?: boolean;
  /** Whether an earlier try may have written the settings and not told of them. */
  readonly resumed?: boolean;
  /** Called for each service that could not be told: as in a stack, the change stays as it is. */
  onUntold(untold: Untold): void;
}

/** Changes of which a stack tells nobody: they have routes of their own, or, as those of organizations, none. */
const UNTOLD_CHANGES: readonly string[] = [
  'featureFlags',
  'featureSets',
  'authMode',
  'orgDomain',
  'orgId',
  'deleting',
] satisfies (keyof InstanceChanges)[];

/**
 * Changes an instance and tells the services beside the stack, in its order and by its requests (`docs/cozy-data.md` §6.3):
 * the Cloudery where the settings document was written, the service of common settings each time.
 *
 * @throws what `modifyInstance` throws, and `Refusal` where the instance is another one by the time its version is noted
 */
export async function modifyAndTell(modification: ToldModification): Promise<ModifyResult> {
  const result = await modifyInstance(modification);
  if (Object.keys(modification.changes).every((name) => UNTOLD_CHANGES.includes(name))) return result;
  const { told, changes, resumed, onUntold } = modification;
  const { context } = result.instance;
  const cloudery = clouderyOf(told.clouderies, context);
  const service = commonSettingsOf(told.commonSettings, context);
  if (cloudery === undefined && service === undefined) return result;

  const settings = await readSettings(modification, result.instance, SETTINGS_ID);
  const mayBeNew = result.hasNewSettings || (resumed === true && changes.settings !== undefined);
  if (cloudery !== undefined && mayBeNew && modification.fromCloudery !== true) {
    await unlessNotTold('Cloudery', onUntold, () =>
      unlessSilent(told.silentServices, cloudery.url, () =>
        tellCloudery(cloudery, result.instance, settings, modification.signal),
      ),
    );
  }
  if (service === undefined) return result;
  const instance = await unlessNotTold('common settings', onUntold, () =>
    unlessSilent(told.silentServices, service.url, () =>
      tellCommonSettings(modification, service, result.instance, settings),
    ),
  );
  return { ...result, instance: instance ?? result.instance };
}

async function unlessNotTold<T>(
  service: Untold['service'],
  onUntold: (untold: Untold) => void,
  tell: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await tell();
  } catch (error) {
    if (!(error instanceof NotTold)) throw error;
    onUntold({ service, problem: error.message });
    return undefined;
  }
}

async function tellCloudery(
  cloudery: Required<Cloudery>,
  { uuid, locale }: StoredInstance,
  { email, public_name: publicName }: CouchDocument,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Without it a stack's request is for no instance at all.
  if (!uuid) throw new NotTold('the instance has no uuid, by which it is known there');
  await putInCloudery(
    cloudery,
    {
      uuid,
      locale,
      email: typeof email === 'string' ? email : '',
      publicName: typeof publicName === 'string' ? publicName : '',
    },
    signal,
  );
}

/** @returns the instance with the version that the service has now */
async function tellCommonSettings(
  modification: ToldModification,
  service: CommonSettings,
  instance: StoredInstance,
  settings: CouchDocument,
): Promise<StoredInstance> {
  const { told, signal } = modification;
  if (settings['_rev'] === undefined) throw new NotTold('the instance has no settings');
  const { domain, locale, common_settings_version: version = 0 } = instance;
  const person = { domain, locale, settings };
  modification.guard?.(instance);
  if (version === 0) {
    await postCommonSettings(service, firstBody(person, told.linkScheme, Date.now()), signal);
    return await noteVersion(modification, instance, 1);
  }
  const body = changedBody(person, version + 1, Date.now());
  const remote = await getCommonSettings(service, body.nickname, signal);
  // A try that ended between telling and noting the version: left alone, no stack would tell of the instance any more.
  if (!isSameVersion(remote, body)) {
    if (remote.version !== version) {
      throw new NotTold(
        `it has version ${remote.version} of the settings, and the instance version ${version}`,
        { status: 200 },
      );
    }
    await putCommonSettings(service, body, signal);
  }
  return await noteVersion(modification, instance, body.version);
}

/** A version that somebody else has noted meanwhile is never taken back. */
async function noteVersion(
  existing: ExistingInstance,
  { _id: id }: StoredInstance,
  version: number,
): Promise<StoredInstance> {
  const { document } = await updateInstance({ ...existing, id }, (now) =>
    (now.common_settings_version ?? 0) >= version ? now : { ...now, common_settings_version: version },
  );
  return document;
}
