import { expect } from 'chai';
import { DATABASES, GLOBAL_DATABASES, INDEXES_VERSION } from '../../src/instances/doctypes.ts';
import { databaseName } from '../../src/instances/prefix.ts';
import { golden } from './golden.ts';

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

  it('have 22 indexes and 13 views in all', () => {
    expect(DATABASES.flatMap(({ mango }) => mango)).to.have.length(22);
    expect(DATABASES.flatMap(({ views }) => views)).to.have.length(13);
  });

  it('are those of version 38', () => {
    expect(INDEXES_VERSION).to.equal(golden('minimal').instance['indexes_version']);
  });
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
});
