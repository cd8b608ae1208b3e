import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { OrphanFinding } from '../../../src/instances/fsck/findings.ts';
import { refuseManyOrphans } from '../../../src/operations/instances/remove-orphans.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.example.org`);
const databases = (domain: string): OrphanFinding => ({
  type: 'orphan_databases',
  prefix: prefixOf(domain),
  host: 'localhost',
  databases: [],
});
const folder = (name: string): OrphanFinding => ({ type: 'orphan_folder', folder: name });

describe('the share of orphans', () => {
  it('may be one in twenty', () => {
    expect(() => refuseManyOrphans(NAMES.map(databases), 95)).not.to.throw();
  });

  it('may not be more, be they databases or folders', () => {
    for (const orphan of [databases, folder]) {
      expect(() => refuseManyOrphans(NAMES.map(orphan), 94))
        .to.throw()
        .with.property('code', 'too_many_orphans');
    }
  });

  it('counts the databases and the folder of one former instance once', () => {
    expect(() => refuseManyOrphans([...NAMES.map(databases), ...NAMES.map(folder)], 95)).not.to.throw();
  });

  it('counts databases from the pool and a folder once, whichever belong together', () => {
    const ofPool = NAMES.map(() => ({ ...databases('x.example.org'), prefix: newPoolPrefix() }));
    expect(() => refuseManyOrphans([...ofPool, ...NAMES.map(folder)], 95)).not.to.throw();
    expect(() => refuseManyOrphans([...ofPool, ...NAMES.map(folder)], 94)).to.throw('of 5 former instances');
    const more = [...ofPool, ...NAMES.map(databases), ...NAMES.map(folder)];
    expect(() => refuseManyOrphans(more, 0)).to.throw('of 10 former instances');
  });

  it('is too large where there are no instances', () => {
    expect(() => refuseManyOrphans([folder('a.example.org')], 0)).to.throw('beside 0 instances');
  });
});
