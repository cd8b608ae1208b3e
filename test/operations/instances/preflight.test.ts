import { expect } from 'chai';
import { costOf, fits } from '../../../src/operations/instances/preflight.ts';

describe('the cost of instances', () => {
  it('is what was measured on a server with two shards', () => {
    expect(costOf(1)).to.deep.equal({ bytes: 1_600_000, shardFiles: 32, indexFiles: 70 });
  });

  it('grows with the shards', () => {
    expect(costOf(10, 1)).to.deep.equal({ bytes: 8_000_000, shardFiles: 160, indexFiles: 350 });
  });

  it('fits where there are bytes and files', () => {
    expect(fits(costOf(1), { bytes: 1_600_000, files: 102 })).to.equal(true);
  });

  it('does not fit where bytes are short', () => {
    expect(fits(costOf(1), { bytes: 1_599_999, files: 1000 })).to.equal(false);
  });

  it('does not fit where files are short', () => {
    expect(fits(costOf(1), { bytes: 1e9, files: 101 })).to.equal(false);
  });

  it('needs no inodes where the file system counts none', () => {
    expect(fits(costOf(1), { bytes: 1e9, files: 0 })).to.equal(true);
  });
});
