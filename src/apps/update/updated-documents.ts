import * as z from 'zod';
import {
  type AppDocument,
  appDocument,
  type InstallableApp,
  type InstallInstance,
  permissionDocument,
  type TriggerDocument,
  triggerDocument,
  triggerDocuments,
  triggerId,
} from '../manifest/documents.ts';
import type { PermissionRules } from '../manifest/permissions.ts';
import { faultOf, type Service, scheduleOf } from '../manifest/services.ts';

/** A document that an update reads and writes again. */
export interface DocumentInUse {
  readonly _id: string;
  readonly _rev: string;
  readonly [field: string]: unknown;
}

/** What an update makes of the services of a webapp. */
export interface ServicesChange {
  /** As they are stored; null where there are none. */
  readonly services: Readonly<Record<string, Service>> | null;
  /** Ids of triggers that go. */
  readonly removed: readonly string[];
  /** Triggers that come. */
  readonly created: readonly TriggerDocument[];
}

/** A version of an application that takes the place of another one. */
export interface Replacement {
  readonly installed: DocumentInUse;
  readonly app: InstallableApp;
  readonly instance: InstallInstance;
  /** Text of where it comes from. */
  readonly source: string;
  /** ISO 8601. */
  readonly now: string;
}

/**
 * What becomes of the triggers of services (`model/app/webapp.go`, `diffServices`): those of services that are gone or
 * otherwise go, the others keep theirs.
 */
export function servicesChange({
  installed,
  app,
  instance,
  now,
}: Pick<Replacement, 'installed' | 'app' | 'instance' | 'now'>): ServicesChange {
  const { manifest } = app;
  const before = storedServices(installed['services']);
  const after = manifest.kind === 'webapp' ? manifest.services : null;
  const kept = new Map<string, Service>();
  const removed: string[] = [];
  for (const [name, service] of before) {
    const next = after !== null && Object.hasOwn(after, name) ? after[name] : undefined;
    if (next !== undefined && isSame(service, next)) kept.set(name, service);
    else if (service.trigger_id !== '') removed.push(service.trigger_id);
  }
  const created = triggerDocuments(app, instance, now).filter(({ message }) => !kept.has(message.name));
  const idOf = new Map(created.map(({ _id, message }) => [message.name, _id]));
  const services = Object.entries(after ?? {}).map(([name, service]): [string, Service] => {
    return [name, kept.get(name) ?? { ...service, trigger_id: idOf.get(name) ?? '' }];
  });
  return { services: after === null ? null : Object.fromEntries(services), removed, created };
}

function isSame(one: Service, other: Service): boolean {
  return (
    one.file === other.file &&
    one.type === other.type &&
    one.trigger === other.trigger &&
    one.debounce === other.debounce
  );
}

const text = z.string().catch('');
const storedService = z.object({
  type: text,
  file: text,
  debounce: text,
  trigger: text,
  trigger_id: text,
});

/** Services as a document has them that anybody may have written; what is none is left out. */
export function storedServices(value: unknown): ReadonlyMap<string, Service> {
  const services = new Map<string, Service>();
  if (typeof value !== 'object' || value === null) return services;
  for (const [name, service] of Object.entries(value)) {
    const read = storedService.safeParse(service);
    if (read.success) services.set(name, read.data);
  }
  return services;
}

/** Types of triggers that a stack deletes once they have run. */
const RUN_ONCE: readonly string[] = ['@at', '@in'];

/** The triggers that the document of an application names, as its services want them. */
export interface NamedTriggers {
  /** They are there as long as the application is. */
  readonly lasting: readonly TriggerDocument[];
  /**
   * Those that run once: where they are gone they have run. Only those under ids of ours, for a try that was cut has written
   * under no others.
   */
  readonly once: readonly TriggerDocument[];
}

/** @param now ISO 8601 */
export function namedTriggers(
  slug: string,
  installed: Readonly<Record<string, unknown>>,
  instance: InstallInstance,
  now: string,
): NamedTriggers {
  const all = [...storedServices(installed['services'])].flatMap(([name, service]) => {
    const { trigger, trigger_id: _id, debounce } = service;
    const schedule = faultOf(trigger) === undefined ? scheduleOf(service) : undefined;
    if (_id === '' || schedule === undefined) return [];
    return [triggerDocument({ _id, slug, name, schedule, debounce }, instance, now)];
  });
  const runsOnce = ({ type }: TriggerDocument) => RUN_ONCE.includes(type);
  return {
    lasting: all.filter((trigger) => !runsOnce(trigger)),
    once: all.filter((each) => runsOnce(each) && each._id === triggerId(instance, slug, each.message.name)),
  };
}

/** The document of an application of which a new version takes the place (`docs/cozy-data.md` §5.5). */
export function replacedApp(
  { installed, app, instance, source, now }: Replacement,
  services: ServicesChange['services'],
): AppDocument {
  const { _rev, created_at, state, parameters } = installed;
  const next = appDocument(app, instance, source, now);
  const isKonnector = app.manifest.kind === 'konnector';
  const keepsParameters = isKonnector && next['parameters'] === undefined && parameters != null;
  return {
    ...next,
    ...(!isKonnector && { services }),
    ...(keepsParameters && { parameters }),
    _rev,
    ...(created_at !== undefined && { created_at }),
    state: state === 'installed' ? 'installed' : 'ready',
  };
}

/**
 * The document of an application that stays as it is: what it came from becomes what was asked for.
 * @param availableVersion the version that waits; undefined where none does. A stack that finds one beside the newest version
 * of the channel makes all triggers of the application once more, and drops permissions that its owner has added.
 */
export function keptApp(
  installed: DocumentInUse,
  source: string,
  now: string,
  availableVersion: string | undefined,
): DocumentInUse {
  const { available_version: _, ...rest } = installed;
  return {
    ...rest,
    source,
    updated_at: now,
    ...(availableVersion !== undefined && { available_version: availableVersion }),
  };
}

/** A permission document with other rules; one that has none says nothing of them. */
export function renewedPermissions(
  document: DocumentInUse,
  rules: PermissionRules,
  { app, instance, now }: Pick<Replacement, 'app' | 'instance' | 'now'>,
): DocumentInUse {
  const { permissions: _, cozyMetadata, ...rest } = document;
  const isMap = typeof cozyMetadata === 'object' && cozyMetadata !== null && !Array.isArray(cozyMetadata);
  const metadata = isMap
    ? { ...cozyMetadata, updatedAt: now }
    : permissionDocument(app, instance, now).cozyMetadata;
  return {
    ...rest,
    ...(Object.keys(rules).length > 0 && { permissions: rules }),
    cozyMetadata: metadata,
  };
}
