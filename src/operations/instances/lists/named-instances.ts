import type { ErrorCode } from '../../../error-codes.ts';
import type { ListRow } from './list-row.ts';
import type { KnownInstance, ListedFleet, NamedBy } from './listed-fleet.ts';

/** Why a row is left to somebody who looks at it. */
export interface HeldRow {
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

/** Which instances a row of a list is about. */
export interface NamedInstances {
  /** The one with its domain; undefined where there is none, or nobody can tell which. */
  readonly own: KnownInstance | undefined;
  /** All that it names in any way: none of them is one that no row is about. */
  readonly named: readonly KnownInstance[];
  /** Absent where it is clear what it means. */
  readonly held?: HeldRow;
}

/**
 * Finds the instances that a row names. One that has another's alias, former domain or identifier of its owner may mean that one
 * under a new name: nothing is made, changed or removed for it until somebody has looked.
 */
export function namedInstances(
  { domain, changes, creation }: Pick<ListRow, 'domain' | 'changes' | 'creation'>,
  fleet: ListedFleet,
): NamedInstances {
  const [own, ...twins] = fleet.withDomain(domain);
  const others = otherNames(own, { domain, uuid: changes.uuid, oidcId: changes.oidcId }, fleet);
  const beside = [...(changes.aliases ?? creation?.options.aliases ?? []), changes.oldDomain ?? ''].flatMap(
    (name) => (name === '' ? [] : fleet.withDomain(name)),
  );
  const named = [
    ...(own === undefined ? [] : [own]),
    ...twins,
    ...others.map(({ instance }) => instance),
    ...beside,
  ];
  if (twins.length > 0) return { own: undefined, named, held: heldForTwins(domain, twins.length + 1) };
  const [other] = others;
  return { own, named, ...(other !== undefined && { held: heldFor(domain, other) }) };
}

interface OtherName {
  readonly instance: KnownInstance;
  readonly by: NamedBy;
}

function otherNames(
  own: KnownInstance | undefined,
  row: { readonly domain: string; readonly uuid: string | undefined; readonly oidcId: string | undefined },
  fleet: ListedFleet,
): OtherName[] {
  const { domain, uuid, oidcId } = row;
  const by = (name: NamedBy, instances: readonly KnownInstance[]): OtherName[] =>
    instances.filter((instance) => instance !== own).map((instance) => ({ instance, by: name }));
  return [
    ...by('alias', fleet.withOtherName(domain, 'alias')),
    ...by('former domain', fleet.withOtherName(domain, 'former domain')),
    // What its own instance has already says nothing of another one.
    ...(uuid === undefined || uuid === own?.uuid ? [] : by('uuid', fleet.withUuid(uuid))),
    ...(oidcId === undefined || oidcId === own?.oidcId ? [] : by('oidc_id', fleet.withOidcId(oidcId))),
  ];
}

function heldFor(domain: string, { instance, by }: OtherName): HeldRow {
  const what =
    by === 'alias' || by === 'former domain' ? `${domain} is the ${by} of` : `its ${by} is that of`;
  return {
    code: 'names_other',
    message: `${what} the instance ${instance.domain}`,
    advice: `If ${instance.domain} is meant, name it by its domain; else take the ${by} from it first.`,
  };
}

function heldForTwins(domain: string, number: number): HeldRow {
  return {
    code: 'shared_name',
    message: `${number} instances have a domain that is written as ${domain} or otherwise`,
    advice: 'Find out which of the documents in global/instances is right.',
  };
}
