import { expect } from 'chai';
import { prefixOnCluster, stackPrefix } from '../../src/stack/stack-instance.ts';

describe('the prefix of an instance in the stack’s Redis', () => {
  it('is that of its document', () => {
    expect(stackPrefix({ prefix: 'cozy1', domain: 'alice.example.org' })).to.equal('cozy1');
  });

  it('is its domain, dots and port included, where the document has none', () => {
    expect(stackPrefix({ domain: 'alice.example.org:8080' })).to.equal('alice.example.org:8080');
  });

  it('has its cluster unless that is the first', () => {
    expect(prefixOnCluster({ prefix: 'cozy1' })).to.equal('cozy1');
    expect(prefixOnCluster({ prefix: 'cozy1', couchCluster: 0 })).to.equal('cozy1');
    expect(prefixOnCluster({ prefix: 'cozy1', couchCluster: 2 })).to.equal('cozy1%2');
  });
});
