import { expect } from 'chai';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import { directoryKeys, keysOf, prefixKeys, readingsOf } from '../../../src/instances/lookup/readings.ts';
import { cpuClock } from '../../support/cpu-time.ts';

describe('the readings of a document', () => {
  const texts = (fields: object) =>
    readingsOf({ _id: 'id', ...fields }).map(({ field, text }) => `${field} ${text}`);

  it('are its names and its prefix', () => {
    const names = {
      domain: 'a.org',
      domain_aliases: ['b.org', 'c.org'],
      old_domain: 'd.org',
      prefix: 'cozy1',
    };
    expect(texts({ ...names, org_domain: 'e.org', context: 'f' })).to.have.members([
      'domain a.org',
      'domain_aliases b.org',
      'domain_aliases c.org',
      'old_domain d.org',
      'prefix cozy1',
    ]);
  });

  it('are found in whatever type they are', () => {
    expect(
      texts({ domain: 42, domain_aliases: { a: ['b.org', { c: 'c.org' }] }, prefix: [[true]] }),
    ).to.include.members(['domain 42', 'domain_aliases b.org', 'domain_aliases c.org', 'prefix true']);
  });

  it('are found in the keys of an object, too', () => {
    const names = { domain_aliases: { 'b.org': true, 'c.org': {} }, prefix: { my: null } };
    expect(texts({ domain: 'a.org', ...names })).to.include.members([
      'domain_aliases b.org',
      'domain_aliases c.org',
      'prefix my',
    ]);
  });

  it('are found under another case of their field', () => {
    expect(texts({ DOMAIN: 'a.org', Prefix: 'b', domain_alia\u017fes: 'c' })).to.have.members([
      'domain a.org',
      'domain_aliases c',
      'prefix b',
    ]);
  });

  it('are none where there is nothing', () => {
    expect(texts({ domain: '', domain_aliases: [null, ''], prefix: null })).to.deep.equal([]);
  });

  it('of a name could own its directory, and the databases of each way to name them', () => {
    const { directories, prefixes } = keysOf({ field: 'domain', text: 'a.org:80' });
    expect([...directories]).to.deep.equal(['a.org:80']);
    expect([...prefixes]).to.have.members([prefixOf('a.org:80'), 'a-org-80']);
  });

  it('of a prefix could own no directory', () => {
    expect([...keysOf({ field: 'prefix', text: 'a.org' }).directories]).to.deep.equal([]);
  });
});

describe('the keys of prefixes', () => {
  for (const [one, other] of [
    ['my.old', 'my-old'],
    ['MY-OLD', 'my-old'],
    ['my:old', 'my-old'],
    ['\u0130x-y', 'ix-y'],
    ['cozyabc', 'cozyabc/io-cozy-files'],
    [' my-old ', 'my-old'],
  ] as const) {
    it(`of ${JSON.stringify(one)} and ${JSON.stringify(other)} meet`, () => {
      const keys = prefixKeys(one);
      expect(prefixKeys(other).some((key) => keys.includes(key))).to.equal(true);
    });
  }

  for (const [one, other] of [
    ['cozy1', 'cozy12'],
    ['cozy12', 'cozy1'],
    ['', 'cozy1'],
    [' ', 'cozy1'],
    ['/', 'cozy1'],
    ['', ''],
  ] as const) {
    it(`of ${JSON.stringify(one)} and ${JSON.stringify(other)} do not`, () => {
      const keys = prefixKeys(one);
      expect(prefixKeys(other).some((key) => keys.includes(key))).to.equal(false);
    });
  }
});

describe('the keys of directories', () => {
  for (const [one, other] of [
    ['Bob.org', 'bob.org'],
    ['caf\u00e9.org', 'cafe\u0301.org'],
    ['bob.org/', 'bob.org'],
    ['../bob.org', 'bob.org'],
    ['x\\bob.org', 'bob.org'],
    ['bob.org. ', 'bob.org'],
    ['./bob.org/.cozy_trash/..', 'bob.org'],
    ['a.org,bob.org', 'bob.org'],
    ['a.org; bob.org\nc.org', 'bob.org'],
    ['https://bob.org?x', 'bob.org'],
  ] as const) {
    it(`of ${JSON.stringify(one)} and ${JSON.stringify(other)} meet`, () => {
      const keys = directoryKeys(one);
      expect(directoryKeys(other).some((key) => keys.includes(key))).to.equal(true);
    });
  }

  it('of names that are two in German are two', () => {
    expect(directoryKeys('stra\u00dfe.de')).to.not.deep.equal(directoryKeys('strasse.de'));
  });

  it('are made in time of names of any length', () => {
    const elapsed = cpuClock();
    for (const piece of ['.', ' ', '../', '\u0130'])
      keysOf({ field: 'domain', text: `a${piece.repeat(200_000)}b` });
    expect(elapsed()).to.be.below(1_000);
  });
});
