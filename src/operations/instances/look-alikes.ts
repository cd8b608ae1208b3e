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
  const looks = new Map<string, { readonly line: number; readonly column: string }>();
  return {
    add(line, named) {
      for (const { name, column } of named) {
        names.add(name);
        const look = skeletonOf(name);
        if (!looks.has(look)) looks.set(look, { line, column });
      }
    },
    async *alikeAmong(existing) {
      for await (const name of existing) {
        const found = names.has(name) ? undefined : looks.get(skeletonOf(name));
        if (found === undefined) continue;
        const { line, column } = found;
        const message = `it looks like the name ${JSON.stringify(shown(name))} of an instance that exists, and is another`;
        yield { line, doubt: { column, message } };
      }
    },
  };
}
