import { expect } from 'chai';
import { clustersOpenToCreation } from '../../src/config/config.ts';

const config = {
  couchdb: {
    url: 'http://global',
    clusters: [
      { url: 'http://a', creation: false },
      { url: 'http://b', creation: true },
    ],
  },
};

describe('clustersOpenToCreation', () => {
  it('lists the indexes of the open ones', () => {
    expect(clustersOpenToCreation(config)).to.deep.equal([1]);
  });
});
