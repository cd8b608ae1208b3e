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
  const aliases = changes.aliases ?? creation?.options.aliases ?? [];
  const others = [
    ...byDomain(own, domain, fleet),
    ...byOwner(own, changes, fleet),
    ...aliases.flatMap((alias) => byAlias(own, alias, fleet)),
    ...(changes.oldDomain ? byOldDomain(own, changes.oldDomain, fleet) : []),
  ];
  const named = [
    ...(own === undefined ? [] : [own]),
    ...twins,
    ...others.map(({ instance }) => instance),
    // Whose domain is an alias here is told by the rules of aliases.
    ...aliases.flatMap((alias) => fleet.withDomain(alias)),
  ];
  if (twins.length > 0) return { own: undefined, named, held: heldForTwins(domain, twins.length + 1) };
  const other = others.find(({ isKnown }) => !isKnown);
  return { own, named, ...(other !== undefined && { held: heldFor(other) }) };
}

/** Another instance that a row names beside its own. */
interface OtherName {
  readonly instance: KnownInstance;
  /** How it is named, as the begin of a sentence that goes on with its domain. */
  readonly how: string;
  /** What is to be taken from it, if it is not meant. */
  readonly what: string;
  /** Whether its own instance has the same already, which says nothing of the other one then. */
  readonly isKnown: boolean;
}

type Own = KnownInstance | undefined;

function byDomain(own: Own, domain: string, fleet: ListedFleet): OtherName[] {
  return (['alias', 'former domain'] as const).flatMap((what) =>
    fleet
      .withOtherName(domain, what)
      .filter((instance) => instance !== own)
      .map((instance) => ({ instance, how: `${domain} is the ${what} of`, what, isKnown: false })),
  );
}

function byOwner(
  own: Own,
  { uuid, oidcId, franceconnectId }: ListRow['changes'],
  fleet: ListedFleet,
): OtherName[] {
  const by = (what: NamedBy, value: string | undefined, stored: string | undefined, found: Finder) =>
    // What its own instance has already says nothing of another one.
    value === undefined || value === stored
      ? []
      : found(value)
          .filter((instance) => instance !== own)
          .map((instance) => ({ instance, how: `its ${what} is that of`, what, isKnown: false }));
  return [
    ...by('uuid', uuid, own?.uuid, fleet.withUuid),
    ...by('oidc_id', oidcId, own?.oidcId, fleet.withOidcId),
    ...by('franceconnect_id', franceconnectId, own?.franceconnectId, fleet.withFranceconnectId),
  ];
}

type Finder = (value: string) => readonly KnownInstance[];

/** One that was renamed takes its aliases along: whoever has one of them may be the same under its name of before. */
function byAlias(own: Own, alias: string, fleet: ListedFleet): OtherName[] {
  return (['alias', 'former domain'] as const).flatMap((what) => {
    const found = fleet.withOtherName(alias, what);
    const isKnown = own !== undefined && fleet.withOtherName(alias, 'alias').includes(own);
    return found
      .filter((instance) => instance !== own)
      .map((instance) => ({ instance, how: `its alias ${alias} is the ${what} of`, what, isKnown }));
  });
}

/** Whoever has a former domain still may be the same, before it was renamed. */
function byOldDomain(own: Own, oldDomain: string, fleet: ListedFleet): OtherName[] {
  const isKnown = own !== undefined && fleet.withOtherName(oldDomain, 'former domain').includes(own);
  const by = (what: 'domain' | 'alias' | 'former domain', found: readonly KnownInstance[]) =>
    found
      .filter((instance) => instance !== own)
      .map((instance) => ({
        instance,
        how: `its former domain ${oldDomain} is the ${what} of`,
        what,
        isKnown,
      }));
  return [
    ...by('domain', fleet.withDomain(oldDomain)),
    ...by('alias', fleet.withOtherName(oldDomain, 'alias')),
    ...by('former domain', fleet.withOtherName(oldDomain, 'former domain')),
  ];
}

function heldFor({ instance, how, what }: OtherName): HeldRow {
  return {
    code: 'names_other',
    message: `${how} the instance ${instance.domain}`,
    advice:
      what === 'domain'
        ? `If ${instance.domain} is meant, name it by its domain; else leave old-domain empty.`
        : `If ${instance.domain} is meant, name it by its domain; else take the ${what} from it first.`,
  };
}

function heldForTwins(domain: string, number: number): HeldRow {
  return {
    code: 'shared_name',
    message: `${number} instances have a domain that is written as ${domain} or otherwise`,
    advice: 'Find out which of the documents in global/instances is right.',
  };
}
