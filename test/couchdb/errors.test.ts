import { expect } from 'chai';
import { couchFailureKind, isCredentialFailure } from '../../src/couchdb/errors.ts';

const CASES = [
  { status: undefined, error: '', reason: 'socket hang up', kind: 'unknown' },
  { status: 400, error: 'bad_request', reason: 'invalid UTF-8 JSON', kind: 'final' },
  { status: 401, error: 'unauthorized', reason: 'Name or password is incorrect.', kind: 'outage' },
  { status: 403, error: 'forbidden', reason: 'Account is temporarily locked', kind: 'outage' },
  { status: 403, error: 'forbidden', reason: 'You are not a server admin.', kind: 'final' },
  { status: 404, error: 'not_found', reason: 'missing', kind: 'final' },
  { status: 404, error: 'not_found', reason: 'Database does not exist.', kind: 'retry' },
  { status: 404, error: 'not_found', reason: 'Design document was updated or deleted.', kind: 'retry' },
  { status: 408, error: 'timeout', reason: '', kind: 'retry' },
  { status: 409, error: 'conflict', reason: 'Document update conflict.', kind: 'retry' },
  { status: 412, error: 'file_exists', reason: 'it exists', kind: 'final' },
  { status: 412, error: 'nodedown', reason: 'progress not possible', kind: 'retry' },
  { status: 429, error: 'too_many_requests', reason: '', kind: 'overload' },
  { status: 500, error: 'internal_server_error', reason: 'No DB shards could be opened.', kind: 'overload' },
  { status: 500, error: 'error', reason: '{all_dbs_active,[]}', kind: 'overload' },
  { status: 500, error: 'error', reason: 'conflict', kind: 'retry' },
  { status: 503, error: 'service_unavailable', reason: '', kind: 'retry' },
] as const;

describe('a failure of CouchDB', () => {
  for (const { kind, ...answer } of CASES) {
    it(`is ${kind} for ${answer.status ?? 'no status'} ${answer.reason || answer.error}`, () => {
      expect(couchFailureKind(answer)).to.equal(kind);
    });
  }

  it('is one of our credentials for 401 and for the lockout only', () => {
    const refused = CASES.filter((answer) => isCredentialFailure(answer)).map(({ reason }) => reason);
    expect(refused).to.deep.equal(['Name or password is incorrect.', 'Account is temporarily locked']);
  });
});
