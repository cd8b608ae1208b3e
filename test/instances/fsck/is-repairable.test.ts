import { expect } from 'chai';
import { type Finding, noDatabase } from '../../../src/instances/fsck/findings.ts';
import { isRepairable, repairableOf } from '../../../src/instances/fsck/is-repairable.ts';

const STRICT = { recreateEmpty: false };
const EMPTY_WILL_DO = { recreateEmpty: true };
const DIRECTORY = { dir_doc: { type: 'directory', name: 'a' }, is_file: false, is_version: false } as const;
const FILE = { file_doc: { type: 'file', name: 'a' }, is_file: true, is_version: false } as const;
const OTHER = { _id: 'an-id', domain: 'other.example.org', field: 'domain' } as const;
const SHARED: Finding = { type: 'shared_prefix', prefix: 'cozy0', other: OTHER };
const DESIGN: Finding = {
  type: 'differing_design_document',
  doctype: 'io.cozy.jobs',
  database: 'cozy0/io-cozy-jobs',
  design: '_design/by-queued-at',
};

function version(found: number | null): Finding {
  return { type: 'wrong_indexes_version', found, expected: 38 };
}

describe('whether a finding may be repaired', () => {
  it('is no for a missing database, unless an empty one will do', () => {
    expect(isRepairable(noDatabase('cozy0', 'io.cozy.shared'), STRICT)).to.equal(false);
    expect(isRepairable(noDatabase('cozy0', 'io.cozy.shared'), EMPTY_WILL_DO)).to.equal(true);
  });

  it('is yes for directories missing on one side, and no for files and versions', () => {
    for (const type of ['filesystem_missing', 'index_missing'] as const) {
      expect(isRepairable({ type, ...DIRECTORY }, STRICT)).to.equal(true);
      expect(isRepairable({ type, ...FILE }, STRICT)).to.equal(false);
      expect(isRepairable({ type, is_file: false, is_version: true }, STRICT)).to.equal(false);
    }
  });

  it('is yes for the indexes of an older stack, and no for those of a newer one', () => {
    expect([null, 0, 37, 39].map((found) => isRepairable(version(found), STRICT))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });

  it('is no for what only a person can decide, and for orphans', () => {
    const findings: Finding[] = [
      SHARED,
      { type: 'shared_name', names: ['a.example.org'], other: OTHER },
      { type: 'renamed_instance', prefix: 'cozy0' },
      { type: 'reservation_without_job' },
      { type: 'deleting_without_job' },
      { type: 'orphan_databases', prefix: 'cozy0', host: 'localhost', databases: [] },
      { type: 'orphan_folder', folder: 'a.example.org' },
      { type: 'foreign_folder', folder: 'lost+found' },
      { type: 'content_mismatch', ...FILE },
      { type: 'index_duplicate_name', ...DIRECTORY },
      { type: 'index_orphan_tree', ...DIRECTORY },
      { type: 'conflict_in_index', ...FILE },
    ];
    for (const finding of findings) {
      expect(isRepairable(finding, EMPTY_WILL_DO), finding.type).to.equal(false);
    }
  });
});

describe('what a repair would touch of an instance', () => {
  it('is what may be repaired', () => {
    const findings = [DESIGN, version(37), { type: 'content_mismatch', ...FILE }] satisfies Finding[];
    expect(repairableOf(findings, STRICT)).to.deep.equal([DESIGN, version(37)]);
  });

  it('is nothing where another instance has its databases or names', () => {
    expect(repairableOf([DESIGN, SHARED], STRICT)).to.deep.equal([]);
    const name: Finding = { type: 'shared_name', names: ['a.example.org'], other: OTHER };
    expect(repairableOf([DESIGN, name], STRICT)).to.deep.equal([]);
  });

  it('is a database that only indexes make, where an older stack may not have made it', () => {
    const migrations = noDatabase('cozy0', 'io.cozy.nextcloud.migrations');
    const contacts = noDatabase('cozy0', 'io.cozy.contacts');
    const findings = [migrations, contacts] satisfies Finding[];
    expect(repairableOf([...findings, version(36)], STRICT)).to.deep.equal([migrations, version(36)]);
    expect(repairableOf([...findings, version(39)], STRICT)).to.deep.equal([]);
    expect(repairableOf(findings, STRICT)).to.deep.equal([]);
  });
});
