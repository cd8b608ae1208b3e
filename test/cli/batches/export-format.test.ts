import { expect } from 'chai';
import { exportHead, exportLine } from '../../../src/cli/batches/export-format.ts';

const CREATE = { kind: 'create', sessionLinks: false } as const;
const RESET = { kind: 'reset-links', sessionLinks: false } as const;

describe('an exported row', () => {
  it('begins with a head in CSV, and with none in JSON lines', () => {
    expect(exportHead('csv', CREATE)).to.equal('domain,status,register_token,link,error_stage,error\n');
    expect(exportHead('ndjson', CREATE)).to.equal('');
  });

  it('says until when a link works that works for a time', () => {
    expect(exportHead('csv', RESET)).to.equal('domain,status,link,link_expires,error_stage,error\n');
    const row = {
      domain: 'a.b',
      status: 'given a link',
      link: 'https://a.b/x',
      linkExpires: '2026-12-01T00:00:00Z',
    };
    expect(exportLine(row, 'csv', RESET)).to.equal('a.b,given a link,https://a.b/x,2026-12-01T00:00:00Z,,\n');
  });

  it('has links that log in only where they were asked for', () => {
    expect(exportHead('csv', { kind: 'create', sessionLinks: true })).to.equal(
      'domain,status,register_token,link,session_link,session_link_expires,error_stage,error\n',
    );
  });

  it('cannot become a formula in a spreadsheet', () => {
    expect(exportLine({ domain: 'a.b', status: 'failed', error: '=1+1' }, 'csv', CREATE)).to.equal(
      "a.b,failed,,,,'=1+1\n",
    );
    expect(exportLine({ domain: '=cmd|x.example', status: 'failed' }, 'csv', CREATE)).to.equal(
      '"\'=cmd|x.example",failed,,,,\n',
    );
  });

  it('leaves out what it does not have in JSON lines', () => {
    expect(exportLine({ domain: 'a.b', status: 'exists' }, 'ndjson', CREATE)).to.equal(
      '{"domain":"a.b","status":"exists"}\n',
    );
  });
});
