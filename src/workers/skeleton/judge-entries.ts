import { derivedId } from '../../derived-id.ts';
import { ROOT_ID, TRASH_NAME } from '../../instances/documents/file-documents.ts';
import type { PlacedEntry } from '../../skeleton/placed-entries.ts';

/** What an instance has, as far as it matters to what it is to get. */
export interface FilesAround {
  /** Paths of its directories by their ids. */
  readonly directories: ReadonlyMap<string, string>;
  /** Whether something of that name is in that directory, and what. */
  kindAt(directoryId: string, name: string): 'directory' | 'file' | undefined;
  /** Whether there is a document of that id. */
  has(id: string): boolean;
  /** Whether there was one that has been deleted. */
  wasDeleted(id: string): boolean;
  /** Id of the directory of that name in another one. */
  directoryIn(directoryId: string, name: string): string | undefined;
}

/** What becomes of an entry of a skeleton. */
export type JudgedEntry =
  | {
      readonly state: 'missing';
      readonly placed: PlacedEntry;
      readonly id: string;
      readonly parentId: string;
      /** Where it goes: its owner may have moved the directory that it goes into. */
      readonly path: string;
    }
  /** Written before, removed by its owner, or not wanted, since the owner has something of that name. */
  | { readonly state: 'left'; readonly placed: PlacedEntry };

/** Id of a document of a skeleton: a second try finds it again, and what its owner does to it goes with it. */
export function skeletonId(incarnation: string, path: string): string {
  return derivedId(incarnation, `skeleton ${path}`);
}

/** What else is known of an instance. */
export interface JudgedBy {
  /** Ids of the default directories by the paths that they had at first: their owner may have renamed them. */
  readonly defaults: ReadonlyMap<string, string>;
  /** How many entries an earlier try has dealt with. */
  readonly done: number;
  /** Paths of those among them that it left out, for something else had their places. */
  readonly taken?: ReadonlySet<string>;
}

/**
 * Says what of a skeleton an instance is still to get. What was dealt with before stays as its owner has made it since:
 * moved, changed, thrown away or deleted. Nothing goes into the trash, nor in the place of what has the same name.
 */
export function judgeEntries(
  placed: readonly PlacedEntry[],
  around: FilesAround,
  incarnation: string,
  { defaults, done, taken }: JudgedBy,
): JudgedEntry[] {
  /** Directories of the skeleton, by the path that it gives them; undefined for those that nothing goes into. */
  const parents = new Map<string, { readonly id: string; readonly path: string } | undefined>([
    ['/', { id: ROOT_ID, path: '/' }],
  ]);
  return placed.map((each, at): JudgedEntry => {
    const parent = parents.get(each.parentPath);
    const isDirectory = each.entry.kind === 'directory';
    const id = (isDirectory && defaults.get(each.path)) || skeletonId(incarnation, each.path);
    const left = (directoryId?: string): JudgedEntry => {
      const path = directoryId === undefined ? undefined : around.directories.get(directoryId);
      const isUsable = directoryId !== undefined && path !== undefined && !isInTrash(path);
      if (isDirectory) parents.set(each.path, isUsable ? { id: directoryId, path } : undefined);
      return { state: 'left', placed: each };
    };
    if (around.has(id)) return left(id);
    if (parent === undefined || around.wasDeleted(id)) return left();
    const kind = around.kindAt(parent.id, each.name);
    if (kind === 'directory' && isDirectory) return left(around.directoryIn(parent.id, each.name));
    const isDone = at < done && taken?.has(each.path) !== true;
    if (kind !== undefined || isDone) return left();
    const path = parent.path === '/' ? `/${each.name}` : `${parent.path}/${each.name}`;
    if (isDirectory) parents.set(each.path, { id, path });
    return { state: 'missing', placed: each, id, parentId: parent.id, path };
  });
}

function isInTrash(path: string): boolean {
  return path === `/${TRASH_NAME}` || path.startsWith(`/${TRASH_NAME}/`);
}
