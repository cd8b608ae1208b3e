import { shown } from '../../instances/values/characters.ts';
import { skeletonOf } from '../../instances/values/look-alike.ts';
import type { NamedColumn, Problem } from '../input/check-rows.ts';

/** The new names of a file, to be compared with those that exist. */
export interface NewNames {
  add(line: number, named: readonly NamedColumn[]): void;
  /** What looks like a name of the file and is another, by the line of the file. */
  alikeAmong(
    existing: AsyncIterable<string>,
  ): AsyncGenerator<{ readonly line: number; readonly doubt: Problem }>;
}

/** Remembers names by how they look, the first of each look. */
export function createNewNames(): NewNames {
  const names = new Set<string>();
  // Lines by how a name on them looks, one map for each column: there may be very many.
  const columns = new Map<string, Map<string, number>>();

  function firstOf(look: string): { readonly line: number; readonly column: string } | undefined {
    for (const [column, lines] of columns) {
      const line = lines.get(look);
      if (line !== undefined) return { line, column };
    }
    return undefined;
  }

  return {
    add(line, named) {
      for (const { name, column } of named) {
        names.add(name);
        const look = skeletonOf(name);
        if (firstOf(look) !== undefined) continue;
        const lines = columns.get(column) ?? new Map<string, number>();
        columns.set(column, lines.set(look, line));
      }
    },
    async *alikeAmong(existing) {
      for await (const name of existing) {
        const found = names.has(name) ? undefined : firstOf(skeletonOf(name));
        if (found === undefined) continue;
        const { line, column } = found;
        const message = `it looks like the name ${JSON.stringify(shown(name))} of an instance that exists, and is another`;
        yield { line, doubt: { column, message } };
      }
    },
  };
}
