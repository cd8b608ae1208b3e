import { ROOT_ID, TRASH_ID, TRASH_NAME } from '../documents/file-documents.ts';
import type { IndexEntry, IndexedDirectory } from './index-entry.ts';

/** Where a directory is, by the names of its parents; its own `path` counts only where they are lost. */
export interface Place {
  /** Undefined where neither parents nor document tell. */
  readonly path: string | undefined;
  /** Whether its parents lead to the root. */
  readonly rooted: boolean;
  readonly inTrash: boolean;
}

export interface Places {
  /** By id of the directory; root and trash are there even without a document. */
  readonly places: ReadonlyMap<string, Place>;
  /** The top of each tree of directories that does not hang on the root; of a circle, its lowest id. */
  readonly orphans: readonly IndexedDirectory[];
}

const ROOT: Place = { path: '/', rooted: true, inTrash: false };
const TRASH: Place = { path: `/${TRASH_NAME}`, rooted: true, inTrash: true };

/** Finds the place of each directory among the entries of an index, and the trees that have none. */
export function placeDirectories(entries: ReadonlyMap<string, IndexEntry>): Places {
  const places = new Map([[ROOT_ID, ROOT]]);
  if (entries.get(TRASH_ID)?.kind !== 'directory') places.set(TRASH_ID, TRASH);
  const orphans: IndexedDirectory[] = [];

  for (const entry of entries.values()) {
    const chain = unplacedChain(entry, entries, places);
    const highest = chain.at(-1);
    if (highest === undefined) continue;
    if (!places.has(highest.parentId)) {
      const circle = chain.slice(chain.findIndex(({ id }) => id === highest.parentId));
      const lost = highest.parentId === circle[0]?.id ? circle : [highest];
      for (const each of lost) places.set(each.id, lostPlace(each));
      orphans.push(lost.reduce((lowest, each) => (each.id < lowest.id ? each : lowest)));
    }
    for (const each of chain.reverse()) {
      const parent = places.get(each.parentId);
      if (parent !== undefined && !places.has(each.id)) places.set(each.id, placeWithin(parent, each));
    }
  }
  return { places, orphans };
}

/** Path of what has that name in the directory of that path. */
export function pathWithin(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** The entry and its parents, upwards, as far as they are directories that have no place yet. */
function unplacedChain(
  entry: IndexEntry,
  entries: ReadonlyMap<string, IndexEntry>,
  places: ReadonlyMap<string, Place>,
): IndexedDirectory[] {
  const chain = new Map<string, IndexedDirectory>();
  let current: IndexEntry | undefined = entry;
  while (current?.kind === 'directory' && !places.has(current.id) && !chain.has(current.id)) {
    chain.set(current.id, current);
    current = entries.get(current.parentId);
  }
  return [...chain.values()];
}

function lostPlace({ storedPath }: IndexedDirectory): Place {
  return { path: storedPath, rooted: false, inTrash: false };
}

function placeWithin(parent: Place, { id, name, storedPath }: IndexedDirectory): Place {
  return {
    path: parent.path === undefined ? storedPath : pathWithin(parent.path, name),
    rooted: parent.rooted,
    inTrash: parent.inTrash || id === TRASH_ID,
  };
}
