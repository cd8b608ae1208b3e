import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { CouchDocument } from '../../../src/couchdb/documents.ts';
import { createInstanceMap, type InstanceMap } from '../../../src/instances/lookup/instance-map.ts';

describe('the map of instances by their names', () => {
  let map: InstanceMap;

  beforeEach(() => {
    map = createInstanceMap();
  });

  function put(_id: string, fields: object): void {
    const doc: CouchDocument = { _id, locale: 'en', password_defined: false, ...fields };
    map.take({ id: _id, doc });
  }

  function ownerOf(name: string): string | undefined {
    const owner = map.owner(name);
    return typeof owner === 'object' ? owner.id : owner;
  }

  it('finds an instance by its domain and by each alias', () => {
    put('a', { domain: 'a.org', domain_aliases: ['b.org', 'c.org'] });
    expect(['a.org', 'b.org', 'c.org', 'd.org'].map(ownerOf)).to.deep.equal(['a', 'a', 'a', undefined]);
  });

  it('forgets the names and the former domain that a document had before', () => {
    put('a', { domain: 'a.org', domain_aliases: ['b.org'], old_domain: 'old.org' });
    put('a', { domain: 'new.org' });
    expect(['a.org', 'b.org', 'new.org'].map(ownerOf)).to.deep.equal([undefined, undefined, 'a']);
    expect(map.formerOwner('old.org')).to.equal(undefined);
  });

  it('forgets a document that was deleted, and counts those that are left', () => {
    put('a', { domain: 'a.org' });
    put('b', { domain: 'b.org' });
    map.take({ id: 'a', deleted: true, doc: { _id: 'a', domain: 'a.org' } });
    map.take({ id: 'c', deleted: true, doc: { _id: 'c' } });
    expect(ownerOf('a.org')).to.equal(undefined);
    expect(map.size).to.equal(1);
  });

  it('counts design documents, as CouchDB does, and finds none of them', () => {
    put('_design/domain-and-aliases', { domain: 'design.org' });
    expect(ownerOf('design.org')).to.equal(undefined);
    expect(map.size).to.equal(1);
  });

  it('answers with the lowest id where two documents have one name, and with the other one after it', () => {
    put('b', { domain: 'x.org' });
    put('a', { domain: 'a.org', domain_aliases: ['x.org'] });
    expect(ownerOf('x.org')).to.equal('a');
    put('a', { domain: 'a.org' });
    expect(ownerOf('x.org')).to.equal('b');
  });

  it('does not show an instance in the place of a document that cannot be read', () => {
    put('a', { domain: 'x.org', blocked: 'yes' });
    put('b', { domain: 'x.org' });
    put('c', { domain: 'c.org', old_domain: 'old.org' });
    put('0', { domain: 'd.org', old_domain: 'old.org', moved: 1 });
    expect(map.owner('x.org')).to.equal('unreadable');
    expect(map.formerOwner('old.org')).to.equal('unreadable');
  });

  it('takes names that every object has for names', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(ownerOf(name)).to.equal(undefined);
      put(name, { domain: name });
      expect(ownerOf(name)).to.equal(name);
    }
  });

  it('holds 20,000 instances in less than 30 MB', () => {
    const before = heapUsed();
    for (let at = 0; at < 20_000; at += 1) {
      const domain = `user-${at}.school.example.org`;
      put(at.toString(16).padStart(32, '0'), {
        domain,
        domain_aliases: [`alias-${domain}`],
        old_domain: `old-${domain}`,
        blocked: true,
        blocking_reason: `reason ${at}`,
        cli_secret: `${at}`.repeat(500),
      });
    }
    expect(map.size).to.equal(20_000);
    expect(heapUsed() - before).to.be.below(30_000_000);
  });
});

/** Bytes that are in use after what is not has been collected. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}
