import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { haveSameDatabases } from '../../../src/workers/instance/databases-of.ts';

describe('two readings of an instance', () => {
  const reading = (fields: Partial<StoredInstance>): StoredInstance => ({
    _id: 'i',
    _rev: '1-a',
    domain: 'alice.example.org',
    locale: 'en',
    password_defined: true,
    ...fields,
  });

  const CASES: readonly [string, Partial<StoredInstance>, boolean][] = [
    ['without a cluster, and on the first one', { couch_cluster: 0 }, true],
    ['in another state', { deleting: true, _rev: '2-b' }, true],
    ['with a prefix that is written out', { prefix: 'alice-example-org' }, true],
    ['with another prefix', { prefix: `cozy${'c'.repeat(32)}` }, false],
    ['on another cluster', { couch_cluster: 1 }, false],
  ];
  for (const [name, fields, isSame] of CASES) {
    it(`mean ${isSame ? 'the same' : 'other'} databases, one of them ${name}`, () => {
      expect(haveSameDatabases(reading({}), reading(fields))).to.equal(isSame);
    });
  }
});
