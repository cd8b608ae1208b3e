import { expect } from 'chai';
import { exportedRow } from '../../../src/operations/batches/export-batch.ts';

describe('an exported row of a batch of several kinds', () => {
  const row = { row: 1, domain: 'a.org', state: 'done' } as const;

  it('says where nobody knows any more of what kind it was, so that it has no link', () => {
    const { status, error, link } = exportedRow(row, 'mixed', undefined, 'https');
    expect(status).to.equal('done');
    expect(error).to.contain('nobody knows');
    expect(link).to.equal(undefined);
  });

  it('says nothing of that where it is known', () => {
    expect(exportedRow({ ...row, kind: 'destroy' }, 'mixed', undefined, 'https')).to.deep.equal({
      domain: 'a.org',
      status: 'destroyed',
    });
  });
});
