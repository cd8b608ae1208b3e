import { expect } from 'chai';
import { clustersOpenToCreation, clusterUrl } from '../../src/config/couch-cluster.ts';

const config = {
  couchdb: {
    url: 'http://global',
    clusters: [
      { url: 'http://a', creation: false },
      { url: 'http://b', creation: true },
    ],
  },
};

describe('clusterUrl', () => {
  it('takes the cluster of that index', () => {
    expect(clusterUrl(config, 1)).to.equal('http://b');
  });

  it('takes the first for an instance without index', () => {
    expect(clusterUrl(config, undefined)).to.equal('http://a');
  });

  it('falls back to the global server for an index that is not in the list', () => {
    expect(clusterUrl(config, 2)).to.equal('http://global');
    expect(clusterUrl(config, -1)).to.equal('http://global');
  });
});

describe('clustersOpenToCreation', () => {
  it('lists the indexes of the open ones', () => {
    expect(clustersOpenToCreation(config)).to.deep.equal([1]);
  });
});
