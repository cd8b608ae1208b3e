import { expect } from 'chai';
import { exportHead, exportLine } from '../../../src/cli/batches/export-format.ts';

describe('an exported row', () => {
  it('begins with a head in CSV, and with none in JSON lines', () => {
    expect(exportHead('csv')).to.equal('domain,status,register_token,link,error_stage,error\n');
    expect(exportHead('ndjson')).to.equal('');
  });

  it('cannot become a formula in a spreadsheet', () => {
    expect(exportLine({ domain: 'a.b', status: 'failed', error: '=1+1' }, 'csv')).to.equal(
      "a.b,failed,,,,'=1+1\n",
    );
    expect(exportLine({ domain: '=cmd|x.example', status: 'failed' }, 'csv')).to.equal(
      '"\'=cmd|x.example",failed,,,,\n',
    );
  });

  it('leaves out what it does not have in JSON lines', () => {
    expect(exportLine({ domain: 'a.b', status: 'exists' }, 'ndjson')).to.equal(
      '{"domain":"a.b","status":"exists"}\n',
    );
  });
});
