import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { slices } from '../chunk.ts';
import { errnoOf } from '../errno.ts';
import { isLeftOut } from './entry-name.ts';
import { MOST_ENTRIES } from './read-skeleton.ts';

/** Entries that are looked at side by side. */
const AT_ONCE = 32;

/** The stamp of a directory that is no skeleton: reading it says why. */
const TOO_MANY = 'too many';

/**
 * Tells without reading any file whether a directory is likely to have changed: names, sizes, times and numbers of all that
 * goes into a skeleton. It looks at no more than twice the entries that a skeleton may have, so that a directory that was
 * meant for something else costs no more.
 * @param directory absolute path
 */
export async function stampOf(directory: string): Promise<string> {
  const lines: string[] = [];
  const left: string[] = [];
  const add = ({ name, isDirectory, line }: Look): void => {
    lines.push(line);
    if (isDirectory) left.push(name);
  };
  add(await lookAt(directory, ''));
  for (let below = left.pop(); below !== undefined; below = left.pop()) {
    // The folders of locales come on top of what is counted in a skeleton.
    const names = await namesIn(directory, below, 2 * MOST_ENTRIES - lines.length);
    if (names === undefined) return TOO_MANY;
    for (const some of slices(names, AT_ONCE)) {
      for (const look of await Promise.all(some.map((name) => lookAt(directory, name)))) add(look);
    }
  }
  return lines.sort().join('\n');
}

/** Stamps directories; whoever asks while one is being looked at gets what that look finds. */
export function sharedStamps(): (directory: string) => Promise<string> {
  const looking = new Map<string, Promise<string>>();
  return (directory) => {
    const under = looking.get(directory);
    if (under !== undefined) return under;
    const look = stampOf(directory).finally(() => looking.delete(directory));
    looking.set(directory, look);
    return look;
  };
}

/** Something in a directory. */
interface Look {
  /** From that directory on. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly line: string;
}

async function lookAt(directory: string, name: string): Promise<Look> {
  try {
    const found = await lstat(join(directory, name));
    const { ino, size, mtimeMs, ctimeMs } = found;
    // The times of a directory change with what is left out of a skeleton.
    if (found.isDirectory()) return { name, isDirectory: true, line: `${name} ${ino}` };
    return { name, isDirectory: false, line: `${name} ${ino} ${size} ${mtimeMs} ${ctimeMs}` };
  } catch (thrown) {
    return { name, isDirectory: false, line: `${name} ${failureOf(thrown)}` };
  }
}

/** Names in one of its folders, but for what is left out of a skeleton; undefined where there are more than so many. */
async function namesIn(directory: string, below: string, most: number): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(join(directory, below))) {
      if (isLeftOut(name)) continue;
      if (names.length >= most) return undefined;
      names.push(join(below, name));
    }
  } catch (thrown) {
    names.push(join(below, failureOf(thrown)));
  }
  return names;
}

/** What cannot be looked at is one of the things that change: reading it says what is wrong. */
function failureOf(thrown: unknown): string {
  const code = errnoOf(thrown);
  if (code === undefined) throw thrown;
  return code;
}
