import { expect } from 'chai';
import { chooseEvicted } from '../../../src/apps/cache/entries.ts';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;

describe('what leaves the cache', () => {
  const entries = [
    { key: 'recent', used: NOW - 11 * MINUTE, bytes: 10 },
    { key: 'oldest', used: NOW - 90 * MINUTE, bytes: 10 },
    { key: 'in use', used: NOW - 9 * MINUTE, bytes: 10 },
    { key: 'old', used: NOW - 50 * MINUTE, bytes: 10 },
  ];

  it('is nothing while all of it fits', () => {
    expect(chooseEvicted(entries, 40, NOW)).to.deep.equal([]);
  });

  it('is what was not used for longest, and no more than needed', () => {
    expect(chooseEvicted(entries, 39, NOW)).to.deep.equal(['oldest']);
    expect(chooseEvicted(entries, 20, NOW)).to.deep.equal(['oldest', 'old']);
  });

  it('is never what may be in use', () => {
    expect(chooseEvicted(entries, 0, NOW)).to.deep.equal(['oldest', 'old', 'recent']);
  });
});
