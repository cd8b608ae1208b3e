import { ROOT_ID } from '../documents/file-documents.ts';
import { type Place, pathWithin, placeDirectories } from './directory-places.ts';
import type { IndexEntry, IndexedDirectory } from './index-entry.ts';

/** The files and directories of an index, put together as the tree they describe. */
export class FileTree {
  readonly #entries: ReadonlyMap<string, IndexEntry>;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #lostDirectories: readonly IndexedDirectory[];
  /** Ids of directories by their path; two documents may claim one. */
  readonly #directoriesAt = new Map<string, string[]>();
  /** By id of the directory and by name: no path of a file is kept, there may be a million. */
  readonly #inDirectory = new Map<string, Map<string, IndexEntry[]>>();

  constructor(entries: ReadonlyMap<string, IndexEntry>) {
    this.#entries = entries;
    const { places, orphans } = placeDirectories(entries);
    this.#places = places;
    this.#lostDirectories = orphans;
    for (const [id, { path }] of places) if (path !== undefined) addTo(this.#directoriesAt, path, id);
    for (const entry of entries.values()) {
      if (entry.id === ROOT_ID) continue;
      const names = this.#inDirectory.get(entry.parentId) ?? new Map<string, IndexEntry[]>();
      this.#inDirectory.set(entry.parentId, names);
      addTo(names, entry.name, entry);
    }
  }

  all(): Iterable<IndexEntry> {
    return this.#entries.values();
  }

  hasDirectory(id: string): boolean {
    return this.#entries.get(id)?.kind === 'directory';
  }

  hasFile(id: string): boolean {
    return this.#entries.get(id)?.kind === 'file';
  }

  /** Where an entry is; undefined when its parents are lost, and its document does not tell either. */
  pathOf(entry: IndexEntry): string | undefined {
    if (entry.kind === 'directory') return this.#places.get(entry.id)?.path;
    const directory = this.#places.get(entry.parentId)?.path;
    return directory === undefined ? undefined : pathWithin(directory, entry.name);
  }

  /** The place of a directory, or of the directory that a file is in; undefined when that is not there. */
  placeOf(entry: IndexEntry): Place | undefined {
    return this.#places.get(entry.kind === 'directory' ? entry.id : entry.parentId);
  }

  /** Every entry that should be at that path; more than one where names are not unique. */
  at(path: string): IndexEntry[] {
    const slash = path.lastIndexOf('/');
    const parents = this.#directoriesAt.get(path.slice(0, slash) || '/') ?? [];
    const named = parents.flatMap((id) => this.#inDirectory.get(id)?.get(path.slice(slash + 1)) ?? []);
    const directories = (this.#directoriesAt.get(path) ?? []).map((id) => this.#entries.get(id));
    return [
      ...named.filter(({ kind }) => kind === 'file'),
      ...directories.filter((entry) => entry !== undefined),
    ];
  }

  /** The top of each tree that does not hang on the root. */
  *orphans(): Generator<IndexEntry, void, undefined> {
    yield* this.#lostDirectories;
    for (const entry of this.#entries.values()) {
      if (entry.kind === 'file' && !this.#places.has(entry.parentId)) yield entry;
    }
  }

  /** Of entries that share name and directory, each but the first. */
  *duplicates(): Generator<IndexEntry, void, undefined> {
    for (const [directory, names] of this.#inDirectory) {
      if (!this.#places.has(directory)) continue;
      for (const sharing of names.values()) yield* sharing.slice(1);
    }
  }
}

function addTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
