import type { Change } from '../../couchdb/documents.ts';
import { IdsByKey } from './ids-by-key.ts';
import { type MappedInstance, type NamedDocument, nameDocument } from './mapped-instance.ts';

/** Who has a name: an instance, a document that cannot be read, or nobody. */
export type NameOwner = MappedInstance | 'unreadable' | undefined;

/** Instances by their names. Asking costs nobody anything. */
export interface InstanceNames {
  /** Who answers to that domain or alias. @param name as it is stored, see `normaliseDomain` */
  owner(name: string): NameOwner;
  /** Whose former domain it is. */
  formerOwner(name: string): NameOwner;
}

/** The documents of `global/instances` as far as hosts ask for them. */
export interface InstanceMap extends InstanceNames {
  /** Documents that are there, design documents too, as CouchDB counts them. */
  readonly size: number;
  /** Takes one row of `_changes`. */
  take(change: Change): void;
}

/** A map without documents. */
export function createInstanceMap(): InstanceMap {
  const documents = new Map<string, NamedDocument | undefined>();
  const byName = new IdsByKey();
  const byFormerName = new IdsByKey();

  function forget(id: string): void {
    const known = documents.get(id);
    documents.delete(id);
    for (const name of known?.names ?? []) byName.delete(name, id);
    if (known?.oldDomain !== undefined) byFormerName.delete(known.oldDomain, id);
  }

  /**
   * Of several documents the one with the lowest id, which is the one that a stack's look-up meets first. Where that one
   * cannot be read a stack answers with an error: nobody else's page is shown in its place.
   */
  function first(ids: Iterable<string>): NameOwner {
    let lowest: string | undefined;
    for (const id of ids) if (lowest === undefined || id < lowest) lowest = id;
    return lowest === undefined ? undefined : (documents.get(lowest)?.instance ?? 'unreadable');
  }

  return {
    get size() {
      return documents.size;
    },
    owner: (name) => first(byName.of(name)),
    formerOwner: (name) => first(byFormerName.of(name)),
    take({ id, deleted, doc }) {
      forget(id);
      if (deleted === true) return;
      const named = id.startsWith('_design/') ? undefined : nameDocument(doc);
      documents.set(id, named);
      for (const name of named?.names ?? []) byName.add(name, id);
      if (named?.oldDomain !== undefined) byFormerName.add(named.oldDomain, id);
    },
  };
}
