import { expect } from 'chai';
import { DistinctPaths } from '../../../src/apps/tree/distinct-paths.ts';

describe('the paths of an application', () => {
  it('may be any number of files in directories that are listed or not', () => {
    const paths = new DistinctPaths();
    expect(paths.add('a', 'directory')).to.equal(undefined);
    expect(paths.add('a/b/c', 'file')).to.equal(undefined);
    expect(paths.add('a/b/d', 'file')).to.equal(undefined);
    expect(paths.add('a', 'directory')).to.equal(undefined);
    expect(paths.size).to.equal(4);
  });

  const clashes: readonly (readonly [string, string, string])[] = [
    ['a/b', 'a/b', 'is there twice'],
    ['a/b', 'a/B', 'is the same as "a/b" on some disks'],
    ['a/b', 'A/c', 'is the same as "a" on some disks'],
    ['\u00e9', 'e\u0301', 'is the same as "\u00e9" on some disks'],
    ['stra\u00dfe', 'STRASSE', 'is the same as "stra\u00dfe" on some disks'],
    ['a', 'a/b', 'is both a file and a directory'],
    ['a/b', 'a', 'is both a file and a directory'],
    ['a/b', 'A', 'is both a file and a directory'],
  ];
  for (const [one, other, message] of clashes) {
    it(`are told apart: ${one} and ${other}`, () => {
      const paths = new DistinctPaths();
      expect(paths.add(one, 'file')).to.equal(undefined);
      expect(paths.add(other, 'file')).to.equal(message);
    });
  }
});
