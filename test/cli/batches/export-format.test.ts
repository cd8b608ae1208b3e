import { expect } from 'chai';
import { exportHead, exportLine } from '../../../src/cli/batches/export-format.ts';

describe('an exported row', () => {
  it('begins with a head in CSV, and with none in JSON lines', () => {
    expect(exportHead('csv', 'create')).to.equal('domain,status,register_token,link,error_stage,error\n');
    expect(exportHead('ndjson', 'create')).to.equal('');
  });

  it('says until when a link works that works for a time', () => {
    expect(exportHead('csv', 'reset-links')).to.equal('domain,status,link,link_expires,error_stage,error\n');
    const row = {
      domain: 'a.b',
      status: 'given a link',
      link: 'https://a.b/x',
      linkExpires: '2026-12-01T00:00:00Z',
    };
    expect(exportLine(row, 'csv', 'reset-links')).to.equal(
      'a.b,given a link,https://a.b/x,2026-12-01T00:00:00Z,,\n',
    );
  });

  it('cannot become a formula in a spreadsheet', () => {
    expect(exportLine({ domain: 'a.b', status: 'failed', error: '=1+1' }, 'csv', 'create')).to.equal(
      "a.b,failed,,,,'=1+1\n",
    );
    expect(exportLine({ domain: '=cmd|x.example', status: 'failed' }, 'csv', 'create')).to.equal(
      '"\'=cmd|x.example",failed,,,,\n',
    );
  });

  it('leaves out what it does not have in JSON lines', () => {
    expect(exportLine({ domain: 'a.b', status: 'exists' }, 'ndjson', 'create')).to.equal(
      '{"domain":"a.b","status":"exists"}\n',
    );
  });
});
