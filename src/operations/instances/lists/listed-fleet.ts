import type { CouchServer } from '../../../couchdb/server.ts';
import { incarnationOf } from '../../../instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../instances/documents/instance-document.ts';
import { isBeingMoved } from '../../../instances/documents/instance-state.ts';
import { isReservation } from '../../../instances/documents/reservation.ts';
import { classifyAll } from '../../../instances/lookup/all-instances.ts';
import type { Unreadable } from '../../../instances/lookup/classify-document.ts';
import { type DocumentFilter, matchesDocument } from '../../../instances/lookup/instance-filter.ts';
import { foldedName } from '../../../instances/values/folded-name.ts';
import type { ExpectedInstance } from '../../../jobs/kinds/envelope.ts';

/** Why no list decides on an instance. */
export type Unmanaged = 'deleting' | 'reserved' | 'importing' | 'moved';

/** What is kept of an instance while a list is compared with the fleet: some hundred bytes. */
export interface KnownInstance {
  readonly seen: ExpectedInstance;
  readonly domain: string;
  /** Of its document. */
  readonly rev: string;
  /** Absent where a list decides on it. */
  readonly unmanaged?: Unmanaged;
  readonly uuid?: string;
  readonly oidcId?: string;
  readonly franceconnectId?: string;
  readonly orgId?: string;
  /** Whether it is one of those that may be pruned. */
  readonly inScope: boolean;
}

/** By what a row names an instance beside its domain. */
export type NamedBy = 'alias' | 'former domain' | 'uuid' | 'oidc_id' | 'franceconnect_id';

/** All instances as they were when the list was compared with them. */
export interface ListedFleet {
  readonly instances: readonly KnownInstance[];
  readonly unreadable: readonly Unreadable[];
  /** Those with that domain, however it is written. */
  withDomain(name: string): readonly KnownInstance[];
  /** Those that have it as an alias, or had it as their domain. */
  withOtherName(name: string, by: 'alias' | 'former domain'): readonly KnownInstance[];
  withUuid(uuid: string): readonly KnownInstance[];
  withOidcId(id: string): readonly KnownInstance[];
  withFranceconnectId(id: string): readonly KnownInstance[];
  /** Others of the organization with that id. */
  othersOf(orgId: string, but: KnownInstance): readonly KnownInstance[];
}

/** Why a list leaves an instance alone, whatever it says; undefined where it does not. */
export function unmanagedState(instance: StoredInstance): Unmanaged | undefined {
  if (instance.deleting === true) return 'deleting';
  if (isReservation(instance)) return 'reserved';
  if (isBeingMoved(instance)) return 'importing';
  return instance.moved === true ? 'moved' : undefined;
}

/** Reads all instances once, page by page. @param scope which of them may be pruned; undefined = all */
export async function readListedFleet(
  global: CouchServer,
  scope: DocumentFilter | undefined,
  signal?: AbortSignal,
): Promise<ListedFleet> {
  const instances: KnownInstance[] = [];
  const unreadable: Unreadable[] = [];
  const domains = new Places();
  const aliases = new Places();
  const formers = new Places();
  const uuids = new Places();
  const oidcIds = new Places();
  const franceconnectIds = new Places();
  const organizations = new Places();
  for await (const result of classifyAll(global, signal)) {
    if (!result.readable) {
      unreadable.push(result.unreadable);
      continue;
    }
    const { instance } = result;
    const known = knownOf(instance, scope);
    instances.push(known);
    domains.add(foldedName(known.domain), known);
    for (const alias of instance.domain_aliases ?? []) aliases.add(foldedName(alias), known);
    if (instance.old_domain) formers.add(foldedName(instance.old_domain), known);
    if (known.uuid !== undefined) uuids.add(known.uuid, known);
    if (known.oidcId !== undefined) oidcIds.add(known.oidcId, known);
    if (known.franceconnectId !== undefined) franceconnectIds.add(known.franceconnectId, known);
    if (known.orgId !== undefined) organizations.add(known.orgId.toLowerCase(), known);
  }
  return {
    instances,
    unreadable,
    withDomain: (name) => domains.of(foldedName(name)),
    withOtherName: (name, by) => (by === 'alias' ? aliases : formers).of(foldedName(name)),
    withUuid: (uuid) => uuids.of(uuid),
    withOidcId: (id) => oidcIds.of(id),
    withFranceconnectId: (id) => franceconnectIds.of(id),
    othersOf: (orgId, but) => organizations.of(orgId.toLowerCase()).filter((each) => each !== but),
  };
}

function knownOf(instance: StoredInstance, scope: DocumentFilter | undefined): KnownInstance {
  const { _id: id, _rev: rev, domain, uuid, oidc_id: oidcId, org_id: orgId } = instance;
  const { franceconnect_id: franceconnectId } = instance;
  const unmanaged = unmanagedState(instance);
  return {
    seen: { id, incarnation: incarnationOf(instance) },
    domain,
    rev,
    inScope: scope === undefined || matchesDocument(scope, instance),
    ...(unmanaged !== undefined && { unmanaged }),
    ...(uuid && { uuid }),
    ...(oidcId && { oidcId }),
    ...(franceconnectId && { franceconnectId }),
    ...(orgId && { orgId }),
  };
}

class Places {
  readonly #instances = new Map<string, KnownInstance[]>();

  add(key: string, instance: KnownInstance): void {
    const there = this.#instances.get(key);
    if (there === undefined) this.#instances.set(key, [instance]);
    else there.push(instance);
  }

  of(key: string): readonly KnownInstance[] {
    return this.#instances.get(key) ?? [];
  }
}
