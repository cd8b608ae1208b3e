import { expect } from 'chai';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';

describe('incarnationOf', () => {
  it('hashes the text as stored, not the bytes it stands for', () => {
    // First 16 hex of `printf 'YWJj' | sha256sum`.
    expect(incarnationOf({ cli_secret: 'YWJj' })).to.equal('35d95694d3f16021');
  });

  it('differs from one secret to the next', () => {
    expect(incarnationOf({ cli_secret: 'YWJj' })).not.to.equal(incarnationOf({ cli_secret: 'YWJk' }));
  });
});
