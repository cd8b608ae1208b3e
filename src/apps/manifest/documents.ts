import { derivedId } from '../../derived-id.ts';
import type { AppKind, Manifest } from './manifest.ts';
import type { Schedule } from './next-run.ts';
import type { PermissionRules } from './permissions.ts';
import { scheduleOf } from './services.ts';

/** Doctypes of what an installed application is made of. */
const APPS = 'io.cozy.apps';
export const KONNECTORS = 'io.cozy.konnectors';
export const PERMISSIONS = 'io.cozy.permissions';
export const TRIGGERS = 'io.cozy.triggers';

/** One version of one application, as an instance gets it. */
export interface InstallableApp {
  readonly slug: string;
  readonly version: string;
  /** SHA-256 of its archive in hexadecimal; empty when it comes from no registry. */
  readonly checksum: string;
  readonly manifest: Manifest;
}

/** The instance that gets it. */
export interface InstallInstance {
  /** Normalised, with port if any. */
  readonly domain: string;
  readonly prefix: string;
  /** Of the instance document; 0 and absent are the same. */
  readonly couchCluster?: number | undefined;
  /** Tells this life of the domain from others. */
  readonly incarnation: string;
}

/** Document of `io.cozy.apps` or `io.cozy.konnectors`, with all its manifest says. */
export interface AppDocument {
  readonly _id: string;
  readonly [field: string]: unknown;
}

interface CozyMetadata {
  readonly doctypeVersion: '1';
  readonly metadataVersion: 1;
  readonly createdAt: string;
  readonly createdByApp: string;
  readonly createdByAppVersion?: string;
  readonly updatedAt: string;
  readonly updatedByApps: readonly [
    { readonly slug: string; readonly date: string; readonly version?: string },
  ];
}

export interface PermissionDocument {
  readonly _id: string;
  readonly type: 'app' | 'konnector';
  readonly source_id: string;
  /** Absent when the application asks for nothing. */
  readonly permissions?: PermissionRules;
  readonly cozyMetadata: CozyMetadata;
}

export interface TriggerDocument {
  readonly _id: string;
  readonly domain: string;
  readonly prefix: string;
  /** Absent for the first cluster. */
  readonly couch_cluster?: number;
  readonly type: string;
  readonly worker: 'service';
  readonly arguments: string;
  readonly debounce: string;
  readonly options: null;
  readonly message: { readonly name: string; readonly slug: string };
  readonly cozyMetadata: CozyMetadata;
}

/** Where documents of that kind of application are kept. */
export function doctypeOf(kind: AppKind): typeof APPS | typeof KONNECTORS {
  switch (kind) {
    case 'webapp':
      return APPS;
    case 'konnector':
      return KONNECTORS;
  }
}

export function appId(kind: AppKind, slug: string): string {
  return `${doctypeOf(kind)}/${slug}`;
}

/**
 * The document of an installed application (`docs/cozy-data.md` §5.3), with the ids of the triggers that
 * `triggerDocuments` makes.
 *
 * @param source text of where it came from, such as `registry://drive/stable`
 * @param now ISO 8601
 */
export function appDocument(
  app: InstallableApp,
  instance: InstallInstance,
  source: string,
  now: string,
): AppDocument {
  const { manifest, slug, version, checksum } = app;
  const { available_version, error, ...stored } = manifest.stored;
  return {
    ...stored,
    ...(manifest.kind === 'webapp' && { services: servicesWithTriggers(app, instance) }),
    _id: appId(manifest.kind, slug),
    slug,
    source,
    state: 'ready',
    version,
    checksum,
    created_at: now,
    updated_at: now,
    permissions: manifest.permissions,
  };
}

/** What the application may do; found by the stack through `type` and `source_id`, never by its id. */
export function permissionDocument(
  app: InstallableApp,
  instance: InstallInstance,
  now: string,
): PermissionDocument {
  const { manifest, slug, version } = app;
  const source = appId(manifest.kind, slug);
  return {
    _id: derivedId(instance.incarnation, `permission ${source}`),
    type: manifest.kind === 'webapp' ? 'app' : 'konnector',
    source_id: source,
    ...(Object.keys(manifest.permissions).length > 0 && { permissions: manifest.permissions }),
    cozyMetadata: {
      doctypeVersion: '1',
      metadataVersion: 1,
      createdAt: now,
      createdByApp: slug,
      createdByAppVersion: version,
      updatedAt: now,
      updatedByApps: [{ slug, date: now, version }],
    },
  };
}

/** One trigger for each service that runs by itself; none for a konnector. */
export function triggerDocuments(
  app: InstallableApp,
  instance: InstallInstance,
  now: string,
): TriggerDocument[] {
  const { manifest, slug } = app;
  if (manifest.kind !== 'webapp') return [];
  return Object.entries(manifest.services ?? {}).flatMap(([name, service]) => {
    const schedule = scheduleOf(service);
    if (schedule === undefined) return [];
    const { debounce } = service;
    return [
      triggerDocument(
        { _id: triggerId(instance, slug, name), slug, name, schedule, debounce },
        instance,
        now,
      ),
    ];
  });
}

/** A service that runs by itself, with its trigger. */
export interface ScheduledService {
  /** Of the trigger. */
  readonly _id: string;
  readonly slug: string;
  readonly name: string;
  readonly schedule: Schedule;
  readonly debounce: string;
}

/** The trigger of one service. @param now ISO 8601 */
export function triggerDocument(
  { _id, slug, name, schedule, debounce }: ScheduledService,
  { domain, prefix, couchCluster = 0 }: InstallInstance,
  now: string,
): TriggerDocument {
  return {
    _id,
    domain,
    prefix,
    ...(couchCluster > 0 && { couch_cluster: couchCluster }),
    type: schedule.type,
    worker: 'service',
    arguments: schedule.arguments,
    debounce,
    options: null,
    message: { name, slug },
    cozyMetadata: {
      doctypeVersion: '1',
      metadataVersion: 1,
      createdAt: now,
      createdByApp: slug,
      updatedAt: now,
      updatedByApps: [{ slug, date: now }],
    },
  };
}

function servicesWithTriggers({ manifest, slug }: InstallableApp, instance: InstallInstance) {
  if (manifest.kind !== 'webapp' || manifest.services === null) return null;
  return Object.fromEntries(
    Object.entries(manifest.services).map(([name, service]) => [
      name,
      { ...service, trigger_id: scheduleOf(service) === undefined ? '' : triggerId(instance, slug, name) },
    ]),
  );
}

/** Id of the trigger that we make for a service. */
export function triggerId(instance: InstallInstance, slug: string, service: string): string {
  return derivedId(instance.incarnation, `trigger ${slug} ${service}`);
}
