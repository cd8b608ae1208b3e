import { generationOf } from '../../couchdb/revision-generation.ts';
import { prefixOf } from '../databases/prefix.ts';
import type { PossibleOwners } from './owner-index.ts';

/** The design document of the view by which names are looked up (`docs/cozy-data.md` §1.2). */
const NAMES_VIEW = '_design/domain-and-aliases';

/**
 * Ids of the documents that could have one of these names by any reading: among them are all that the view of names
 * and the index of former domains could find. So where there is none, neither has to be asked, and what they read is
 * no newer either: with several copies of a database each of the three reads one.
 * @param names such as browsers can ask for (`new-domain.ts`)
 */
export function idsByAnyReading(owners: PossibleOwners, names: readonly string[]): Set<string> {
  const possible = names.flatMap((name) => [
    ...owners.ofDirectory(name).map(({ _id }) => _id),
    ...owners.ofPrefix(prefixOf(name)).map(({ _id }) => _id),
    ...owners.looksLike(name),
  ]);
  return new Set(possible);
}

/** Whether the view of names is there: a fleet whose first job this is may not have it yet. */
export function hasNamesView(owners: PossibleOwners): boolean {
  return owners.revisionOf(NAMES_VIEW) !== undefined;
}

/**
 * Whether a document is known at least as it was at this revision, and nobody else could have one of these names. False
 * says nothing: what was read may lag, or another document mean something else.
 */
export function isKnownAlone(
  owners: PossibleOwners,
  { _id, _rev }: { readonly _id: string; readonly _rev: string },
  names: readonly string[],
): boolean {
  const known = owners.revisionOf(_id);
  if (known === undefined || !(generationOf(known) >= generationOf(_rev))) return false;
  const [only, ...others] = idsByAnyReading(owners, names);
  return only === _id && others.length === 0;
}
