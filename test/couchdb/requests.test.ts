import { expect } from 'chai';
import { loginOutcome } from '../../src/couchdb/requests.ts';
import type { Exchange } from '../../src/couchdb/transport.ts';

describe('the answer to a login', () => {
  const answered = (status: number, body: unknown, type = 'application/json'): Exchange => ({
    status,
    body,
    length: 100,
    type,
    retryAfter: undefined,
  });
  const LOCKED = 'Account is temporarily locked due to multiple authentication failures';

  const OUTCOMES: readonly [string, string, Exchange][] = [
    [
      'accepted',
      'calls us by a name',
      answered(200, { ok: true, userCtx: { name: 'admin', roles: ['_admin'] } }),
    ],
    ['unknown', 'knows no name', answered(200, { ok: true, userCtx: { name: null, roles: [] } })],
    ['unknown', 'is a page', answered(200, undefined, 'text/html')],
    ['unknown', 'is of another server', answered(404, undefined, 'text/plain')],
    ['unknown', 'is an error', answered(500, { error: 'unknown_error', reason: 'undefined' })],
    [
      'refused',
      'names the password',
      answered(401, { error: 'unauthorized', reason: 'Name or password is incorrect.' }),
    ],
    ['refused', 'is the lockout', answered(403, { error: 'forbidden', reason: LOCKED })],
    ['unknown', 'is a 401 of somebody else', answered(401, undefined, 'text/html')],
    ['unknown', 'forbids something else', answered(403, { error: 'forbidden', reason: 'no' })],
  ];
  for (const [outcome, name, exchange] of OUTCOMES) {
    it(`means ${outcome} when it ${name}`, () => {
      expect(loginOutcome(exchange)).to.equal(outcome);
    });
  }
});
