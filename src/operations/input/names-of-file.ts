import { isWellFormed } from '../../instances/values/characters.ts';
import { skeletonOf } from '../../instances/values/look-alike.ts';

/** A name of an instance, or what tells its owner from others, and the column it is in. */
export interface NamedColumn {
  readonly column: string;
  readonly name: string;
}

/** Where a name stands for the first time that looks like another one. */
export interface FirstLook {
  readonly column: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A name that looks like one on an earlier line. */
export interface Alike {
  readonly column: string;
  readonly first: FirstLook;
}

/** The names of the good rows of a file and how they look, each with its first line. There may be very many, so that each is kept once. */
export class NamesOfFile {
  readonly #lines = new Map<string, number>();
  // Lines by how a name on them looks, one map for each column.
  readonly #looks = new Map<string, Map<string, number>>();

  /** The line that has this very name; undefined where none has. */
  lineOf(name: string): number | undefined {
    return this.#lines.get(name);
  }

  /** The first line with a name that looks like this one. */
  firstLike(name: string): FirstLook | undefined {
    return this.#firstOf(skeletonOf(name));
  }

  /** Adds the names of a row. */
  add(named: readonly NamedColumn[], line: number): void {
    for (const { name } of named) this.#lines.set(ownText(name), line);
  }

  /** Adds how the names of a row look. @returns those that look like a name of a row before it */
  addLooks(named: readonly NamedColumn[], line: number): Alike[] {
    const looks = named.map(({ column, name }) => ({ column, look: skeletonOf(name) }));
    const alike = looks.flatMap(({ column, look }) => {
      const first = this.#firstOf(look);
      return first === undefined ? [] : [{ column, first }];
    });
    for (const { column, look } of looks) {
      if (this.#firstOf(look) !== undefined) continue;
      const lines = this.#looks.get(column) ?? new Map<string, number>();
      this.#looks.set(column, lines.set(ownText(look), line));
    }
    return alike;
  }

  #firstOf(look: string): FirstLook | undefined {
    for (const [column, lines] of this.#looks) {
      const line = lines.get(look);
      if (line !== undefined) return { column, line };
    }
    return undefined;
  }
}

/** A copy of a text: the engine keeps a part of a line as a view of it, and with it the whole line. */
export function ownText(text: string): string {
  // A text with half a character has no such copy.
  return isWellFormed(text) ? Buffer.from(text).toString() : text;
}
