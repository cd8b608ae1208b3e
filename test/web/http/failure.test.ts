import { expect } from 'chai';
import { FleetError, InputError } from '../../../src/errors.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { webFailure } from '../../../src/web/http/failure.ts';

describe('what a failure means to a client', () => {
  it('is a wrong request where the input is wrong', () => {
    expect(webFailure(new InputError('bad_value', 'no'))).to.include({
      status: 400,
      code: 'bad_value',
      message: 'no',
    });
  });

  it('is a conflict where something is in the way', () => {
    expect(webFailure(new Refusal('deleting', 'it goes', 'Wait.'))).to.include({
      status: 409,
      advice: 'Wait.',
    });
    expect(webFailure(new FleetError('busy', 'busy'))).to.include({ status: 409 });
  });

  it('is that there is none where there is none', () => {
    expect(webFailure(new FleetError('not_found', 'gone'))).to.include({ status: 404 });
    expect(webFailure(new InputError('unknown_batch', 'gone'))).to.include({ status: 404 });
  });

  for (const code of [
    'redis_unreachable',
    'redis_login',
    'couchdb_unreachable',
    'lost_names',
    'stack_busy',
  ] as const) {
    it(`passes by itself where it is ${code}`, () => {
      const { status, retryAfter } = webFailure(new FleetError(code, 'away'));
      expect(status).to.equal(503);
      expect(retryAfter).to.be.above(0);
    });
  }

  for (const thrown of [
    new Error('secret detail'),
    new InputError('bad_admin_passphrase', 'secret detail', { file: '/secret/detail' }),
    new FleetError('storage', 'secret detail'),
    new FleetError('bad_fleet_record', 'secret detail'),
    new FleetError('internal', 'secret detail'),
    'secret detail',
  ]) {
    it(`says nothing of the inside of the server for ${thrown instanceof FleetError ? thrown.code : String(thrown).slice(0, 5)}`, () => {
      const failure = webFailure(thrown);
      expect(failure.status).to.equal(500);
      expect(JSON.stringify(failure)).not.to.include('secret detail');
    });
  }

  for (const [code, status] of [
    ['no_credentials', 401],
    ['wrong_admin_passphrase', 403],
    ['foreign_request', 403],
    ['too_many_attempts', 429],
  ] as const) {
    it(`is ${status} where it is ${code}`, () => {
      const failure = webFailure(new FleetError(code, 'no', 'Do this.'));
      expect(failure).to.include({ status, code, advice: 'Do this.' });
    });
  }

  it('says what to do with a form that lacks its token', () => {
    const refused = Object.assign(new Error('Invalid csrf token'), {
      statusCode: 403,
      code: 'FST_CSRF_INVALID_TOKEN',
    });
    const { advice, ...failure } = webFailure(refused);
    expect(failure).to.include({ status: 403, code: 'foreign_request' });
    expect(advice).not.to.equal('');
  });

  it('is what the framework says of a request that it refuses', () => {
    const tooLarge = Object.assign(new Error('Request body is too large'), { statusCode: 413 });
    expect(webFailure(tooLarge)).to.include({ status: 413, code: 'bad_request' });
    expect(webFailure(Object.assign(new Error('x'), { statusCode: 502 }))).to.include({ status: 500 });
    expect(webFailure(Object.assign(new Error('x'), { statusCode: 'no' }))).to.include({ status: 500 });
  });
});
