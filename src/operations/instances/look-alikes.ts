import { shown } from '../../instances/values/characters.ts';
import type { Problem } from '../input/check-rows.ts';
import type { NamesOfFile } from '../input/names-of-file.ts';

/** What looks like a name of the file and is another, by the line of the file. */
export async function* alikeAmong(
  names: Pick<NamesOfFile, 'lineOf' | 'firstLike'>,
  existing: AsyncIterable<string>,
): AsyncGenerator<{ readonly line: number; readonly doubt: Problem }> {
  for await (const name of existing) {
    const found = names.lineOf(name) === undefined ? names.firstLike(name) : undefined;
    if (found === undefined) continue;
    const { line, column } = found;
    const message = `it looks like the name ${JSON.stringify(shown(name))} of an instance that exists, and is another`;
    yield { line, doubt: { column, message } };
  }
}
