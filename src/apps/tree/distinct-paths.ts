type Kind = 'file' | 'directory';

interface PathEntry {
  readonly path: string;
  readonly kind: Kind;
}

/**
 * The paths of one application, among which no two may be the same: neither as they are written nor on a disk that
 * knows no case or one form of accents. Of two such
 * files, one would be checked and the other one installed.
 */
export class DistinctPaths {
  readonly #known = new Map<string, PathEntry>();

  /** Paths so far, the directories on the way among them. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * Takes a path down, and the directories that it is in.
   * @param path as `insidePath` makes them; empty for the application itself
   * @returns what is wrong with it, as the end of a sentence about it; undefined when nothing is
   */
  add(path: string, kind: Kind): string | undefined {
    if (path === '') return undefined;
    const known = this.#known.get(folded(path));
    if (known !== undefined) return clashOf(known, { path, kind });
    const parent = this.add(path.slice(0, Math.max(0, path.lastIndexOf('/'))), 'directory');
    if (parent !== undefined) return parent;
    this.#known.set(folded(path), { path, kind });
    return undefined;
  }
}

/** Says in which way two entries clash; a directory may be listed several times. */
function clashOf(known: PathEntry, { path, kind }: PathEntry): string | undefined {
  if (known.kind !== kind) return 'is both a file and a directory';
  if (known.path !== path) return `is the same as ${JSON.stringify(known.path)} on some disks`;
  return kind === 'directory' ? undefined : 'is there twice';
}

/** The form in which disks compare names that ignore case and the form of accents. */
function folded(path: string): string {
  return path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD');
}
