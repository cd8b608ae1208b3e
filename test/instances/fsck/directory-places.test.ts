import { expect } from 'chai';
import { ROOT_ID } from '../../../src/instances/documents/file-documents.ts';
import { placeDirectories } from '../../../src/instances/fsck/directory-places.ts';
import type { IndexEntry } from '../../../src/instances/fsck/index-entry.ts';

function directories(parents: Record<string, string>): Map<string, IndexEntry> {
  const entries = Object.entries(parents).map(([id, parentId]): [string, IndexEntry] => [
    id,
    { kind: 'directory', id, name: id, parentId, storedPath: `/stored/${id}` },
  ]);
  return new Map(entries);
}

function orphansOf(parents: Record<string, string>): string[] {
  return placeDirectories(directories(parents)).orphans.map(({ id }) => id);
}

describe('the places of directories', () => {
  it('follow from the names of their parents, in whatever order they come', () => {
    const { places } = placeDirectories(directories({ c: 'b', b: 'a', a: ROOT_ID }));
    expect(places.get('c')).to.deep.equal({ path: '/a/b/c', rooted: true, inTrash: false });
  });

  it('of a lost tree begin where its top says that it is', () => {
    const { places } = placeDirectories(directories({ b: 'a', a: 'nobody' }));
    expect(places.get('b')).to.deep.equal({ path: '/stored/a/b', rooted: false, inTrash: false });
  });

  it('in a circle are where each directory says that it is', () => {
    const { places } = placeDirectories(directories({ a: 'b', b: 'a' }));
    expect([places.get('a')?.path, places.get('b')?.path]).to.deep.equal(['/stored/a', '/stored/b']);
  });

  it('know one orphan for each lost tree and each circle', () => {
    const trees = { ok: ROOT_ID, top: 'nobody', below: 'top' };
    const circle = { on: 'z', z: 'y', y: 'z', self: 'self' };
    expect(orphansOf({ ...trees, ...circle })).to.deep.equal(['top', 'y', 'self']);
  });

  it('are found however deep the tree is', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => [`d${at}`, `d${at + 1}`] as const);
    expect(orphansOf(Object.fromEntries(chain))).to.deep.equal(['d19999']);
  });
});
