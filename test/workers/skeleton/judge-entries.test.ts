import { expect } from 'chai';
import type { PlacedEntry } from '../../../src/skeleton/placed-entries.ts';
import { type FilesAround, judgeEntries, skeletonId } from '../../../src/workers/skeleton/judge-entries.ts';

const INCARNATION = '0123456789abcdef';
const ROOT = 'io.cozy.files.root-dir';

function placed(path: string): PlacedEntry {
  const isDirectory = path.endsWith('/');
  const clean = isDirectory ? path.slice(0, -1) : path;
  const names = clean.slice(1).split('/');
  const facts = { size: 1, md5: '', mime: '', class: '', source: '', facts: undefined };
  return {
    path: clean,
    parentPath: `/${names.slice(0, -1).join('/')}`,
    name: names.at(-1) ?? '',
    entry: isDirectory ? { kind: 'directory', names } : { kind: 'file', names, ...facts },
  };
}

interface Around {
  /** Paths of directories by their ids. */
  readonly directories?: Readonly<Record<string, string>>;
  /** What is where, by id of the directory and name. */
  readonly kinds?: Readonly<Record<string, 'directory' | 'file'>>;
  readonly there?: readonly string[];
  readonly deleted?: readonly string[];
}

function around({ directories = {}, kinds = {}, there = [], deleted = [] }: Around): FilesAround {
  const all = new Map(Object.entries({ [ROOT]: '/', ...directories }));
  return {
    directories: all,
    kindAt: (directoryId, name) => kinds[`${directoryId} ${name}`],
    has: (id) => there.includes(id),
    wasDeleted: (id) => deleted.includes(id),
    directoryIn: (_, name) => [...all].find(([, path]) => path.endsWith(`/${name}`))?.[0],
  };
}

/** Where each missing entry goes; undefined for one that is left. */
function judged(
  paths: readonly string[],
  given: Around,
  { done = 0, defaults = {}, taken = [] }: { done?: number; defaults?: object; taken?: string[] } = {},
) {
  const by = { done, defaults: new Map<string, string>(Object.entries(defaults)), taken: new Set(taken) };
  return judgeEntries(paths.map(placed), around(given), INCARNATION, by).map((each) =>
    each.state === 'missing' ? `${each.parentId} ${each.path}` : undefined,
  );
}

const idOf = (path: string) => skeletonId(INCARNATION, path);

describe('what of a skeleton an instance is still to get', () => {
  it('is all of it where nothing is there', () => {
    expect(judged(['/a/', '/a/b.txt', '/c.txt'], {})).to.deep.equal([
      `${ROOT} /a`,
      `${idOf('/a')} /a/b.txt`,
      `${ROOT} /c.txt`,
    ]);
  });

  it('goes into a directory of that name that its owner has', () => {
    const given = { directories: { theirs: '/a' }, kinds: { [`${ROOT} a`]: 'directory' } } as const;
    expect(judged(['/a/', '/a/b.txt'], given)).to.deep.equal([undefined, 'theirs /a/b.txt']);
  });

  it('leaves a file of that name as its owner has it', () => {
    expect(judged(['/a.txt'], { kinds: { [`${ROOT} a.txt`]: 'file' } })).to.deep.equal([undefined]);
  });

  it('leaves out a folder, and what is in it, where a file has its name', () => {
    expect(judged(['/a/', '/a/b.txt'], { kinds: { [`${ROOT} a`]: 'file' } })).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('does not bring back what was deleted', () => {
    expect(judged(['/a.txt'], { deleted: [idOf('/a.txt')] })).to.deep.equal([undefined]);
  });

  it('does not bring back what an earlier try dealt with, though nothing tells of it any more', () => {
    expect(judged(['/a.txt', '/b.txt'], {}, { done: 1 })).to.deep.equal([undefined, `${ROOT} /b.txt`]);
  });

  it('leaves out what would go into a folder that was deleted', () => {
    expect(judged(['/a/', '/a/b.txt'], { deleted: [idOf('/a')] })).to.deep.equal([undefined, undefined]);
  });

  it('follows a folder that its owner has moved', () => {
    const given = { directories: { [idOf('/a')]: '/moved/here' }, there: [idOf('/a')] };
    expect(judged(['/a/', '/a/b.txt'], given)).to.deep.equal([undefined, `${idOf('/a')} /moved/here/b.txt`]);
  });

  it('puts nothing into the trash', () => {
    const given = { directories: { [idOf('/a')]: '/.cozy_trash/a' }, there: [idOf('/a')] };
    expect(judged(['/a/', '/a/b.txt'], given)).to.deep.equal([undefined, undefined]);
  });

  it('goes into a default directory that its owner has renamed, and makes no second one', () => {
    const given = { directories: { photos: '/My pictures' }, there: ['photos'] };
    const known = { defaults: { '/Photos': 'photos' } };
    expect(judged(['/Photos/', '/Photos/cat.jpg'], given, known)).to.deep.equal([
      undefined,
      'photos /My pictures/cat.jpg',
    ]);
  });

  it('has other ids in another life of the domain', () => {
    expect(skeletonId('aaaa', '/a')).to.not.equal(skeletonId('bbbb', '/a'));
  });

  it('is what had no place before, though it was dealt with', () => {
    const paths = ['/a.txt', '/b.txt', '/c.txt'];
    expect(judged(paths, {}, { done: 3, taken: ['/b.txt'] })).to.deep.equal([
      undefined,
      `${ROOT} /b.txt`,
      undefined,
    ]);
  });
});
