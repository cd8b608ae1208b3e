import { expect } from 'chai';
import { DATABASES, definitionsOf, GLOBAL_DATABASES } from '../../../src/instances/databases/databases.ts';
import { databaseName } from '../../../src/instances/databases/prefix.ts';
import { golden } from '../golden.ts';

const sortedNames = (names: readonly string[]) => [...names].sort();

describe('databases of an instance', () => {
  it('are the ones a stack made', () => {
    const ours = DATABASES.map(({ doctype }) => databaseName('p', doctype).replace('p/', ''));
    expect(sortedNames(ours)).to.deep.equal(Object.keys(golden('minimal').databases).sort());
  });

  it('hold the design documents a stack made', () => {
    for (const { doctype, mango, views } of DATABASES) {
      const database = databaseName('p', doctype).replace('p/', '');
      const ours = [...mango.map(({ ddoc }) => ddoc), ...views.map(({ name }) => name)];
      const theirs = (golden('minimal').databases[database] ?? [])
        .filter(({ _id }) => _id.startsWith('_design/'))
        .map(({ _id }) => _id.slice('_design/'.length));
      expect(sortedNames(ours), database).to.deep.equal(sortedNames(theirs));
    }
  });

  for (const version of [38, 39]) {
    it(`are known under the number ${version}`, () => {
      expect(definitionsOf(version)).to.equal(DATABASES);
    });
  }

  for (const version of [undefined, 0, 37, 40]) {
    it(`are unknown under the number ${version}`, () => {
      expect(definitionsOf(version)).to.equal(undefined);
    });
  }
});

describe('global databases', () => {
  it('are what a stack makes at its start', () => {
    expect(GLOBAL_DATABASES.map(({ database }) => database)).to.deep.equal([
      'global/instances',
      'global/io-cozy-exports',
      'secrets/io-cozy-account_types',
    ]);
  });

  it('have the look-up view on instances only', () => {
    const views = GLOBAL_DATABASES.flatMap(({ database, views }) =>
      views.map(({ name }) => [database, name]),
    );
    expect(views).to.deep.equal([['global/instances', 'domain-and-aliases']]);
  });

  it('have the sign of a stack of today only where they are made', () => {
    const [instances, ...others] = GLOBAL_DATABASES;
    expect(instances?.mango.map(({ ddoc }) => ddoc)).to.deep.equal([
      'by-oidcid',
      'by-olddomain',
      'by-orgdomain',
    ]);
    expect(instances?.foundersMango).to.deep.equal([{ ddoc: 'by-orgid', fields: ['org_id'] }]);
    expect(others.flatMap(({ foundersMango = [] }) => foundersMango)).to.deep.equal([]);
  });
});
