import { expect } from 'chai';
import {
  databaseName,
  databasePrefix,
  prefixOf,
  reservationId,
} from '../../../src/instances/databases/prefix.ts';

describe('prefixOf', () => {
  it('hashes the domain with its port', () => {
    expect(prefixOf('cozy.localhost:8080')).to.equal('cozy1a4e1aabf424a194d7daf946d7b1337d');
    expect(prefixOf('alice.cozy.localhost:8080')).to.equal('cozyb25dd4ea28f7121ac2d1f4681f495e3c');
    expect(prefixOf('alice.example.com')).to.equal('cozy0d88385e5e731af27c0f1c0a312135b9');
  });
});

describe('databaseName', () => {
  it('replaces dots and keeps underscores', () => {
    expect(databaseName('secrets', 'io.cozy.account_types')).to.equal('secrets/io-cozy-account_types');
  });

  it('copes with a domain as prefix', () => {
    expect(databaseName('Alice.cozy.localhost:8080', 'io.cozy.files')).to.equal(
      'alice-cozy-localhost-8080/io-cozy-files',
    );
  });
});

describe('databasePrefix', () => {
  it('is the prefix of the document', () => {
    expect(databasePrefix({ prefix: 'cozy0d88', domain: 'alice.example.com' })).to.equal('cozy0d88');
  });

  it('is the domain, escaped, where there is none', () => {
    expect(databasePrefix({ domain: 'Alice.cozy.localhost:8080' })).to.equal('alice-cozy-localhost-8080');
  });
});

describe('reservationId', () => {
  it('is the hash that is in the prefix, too', () => {
    expect(reservationId('alice.example.com')).to.equal('0d88385e5e731af27c0f1c0a312135b9');
  });
});
