import { expect } from 'chai';
import { refuseUnreachable } from '../../../src/instances/change/refuse-unreachable.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import { newResetToken, resetEnd, withResetToken } from '../../../src/instances/documents/reset-token.ts';
import { Refusal } from '../../../src/instances/errors.ts';
import { resetStateOf } from '../../../src/instances/lookup/registration.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const HOUR = 3_600_000;
const OLD = Buffer.alloc(16, 1).toString('base64');
const NEW = Buffer.alloc(16, 2).toString('base64');

const instanceWith = (fields: Partial<InstanceDocument> = {}): InstanceDocument => ({
  _id: 'id',
  domain: 'alice.example.org',
  locale: 'en',
  password_defined: true,
  ...fields,
});

const made = (fields: Partial<InstanceDocument>, until = NOW + HOUR) =>
  withResetToken(instanceWith(fields), { token: NEW, until, now: NOW });

describe('a token for a new passphrase', () => {
  it('is 16 bytes in base64, as a stack makes it', () => {
    expect(Buffer.from(newResetToken(), 'base64')).to.have.length(16);
    expect(newResetToken()).not.to.equal(newResetToken());
  });

  it('is given where there is none, with the time until which it is good', () => {
    expect(made({})).to.include({
      passphrase_reset_token: NEW,
      passphrase_reset_time: '2026-11-28T13:00:00.000Z',
    });
  });

  it('takes the place of one whose time is over, or of which no stack would take it', () => {
    for (const [token, time] of [
      [OLD, '2026-11-28T12:00:00Z'],
      [OLD, '0001-01-01T00:00:00Z'],
      [OLD, undefined],
      ['AAAA', '2026-11-28T12:30:00Z'],
    ]) {
      const instance = made({
        ...(token !== undefined && { passphrase_reset_token: token }),
        ...(time !== undefined && { passphrase_reset_time: time }),
      });
      expect(instance.passphrase_reset_token, `${token} until ${time}`).to.equal(NEW);
    }
  });

  it('that is good still stays, and is good for as long as is wanted', () => {
    const fields = {
      passphrase_reset_token: OLD,
      passphrase_reset_time: '2026-11-28T12:10:00.123456789+01:00',
    };
    expect(made({ ...fields, passphrase_reset_time: '2026-11-28T13:10:00.123456789+01:00' })).to.include({
      passphrase_reset_token: OLD,
      passphrase_reset_time: '2026-11-28T13:00:00.000Z',
    });
  });

  it('is never good for less than it was', () => {
    const fields = { passphrase_reset_token: OLD, passphrase_reset_time: '2026-11-29T12:00:00Z' };
    expect(made(fields)).to.deep.equal(instanceWith(fields));
  });

  it('is not given to an owner who has a registration link', () => {
    expect(made({ register_token: OLD })).to.deep.equal(instanceWith({ register_token: OLD }));
  });

  it('is refused where nobody could use it', () => {
    for (const [fields, code] of [
      [{ blocked: true }, 'closed'],
      [{ moved: true }, 'closed'],
      [{ deleting: true }, 'deleting'],
    ] as const) {
      expect(() => refuseUnreachable(instanceWith(fields)))
        .to.throw(Refusal)
        .with.property('code', code);
    }
    expect(() => refuseUnreachable(instanceWith())).not.to.throw();
  });
});

describe('the link for a new passphrase', () => {
  it('is that of a stack, with the token in hex', () => {
    const instance = instanceWith({
      passphrase_reset_token: OLD,
      passphrase_reset_time: '2026-11-28T13:00:00Z',
    });
    expect(resetStateOf(instance, 'https', NOW)).to.deep.equal({
      state: 'usable',
      link: `https://alice.example.org/auth/passphrase_renew?token=${'01'.repeat(16)}`,
      expires: '2026-11-28T13:00:00Z',
    });
  });

  it('is none where it was used, and says so where its time is over', () => {
    expect(resetStateOf(instanceWith(), 'https', NOW)).to.deep.equal({ state: 'none' });
    const over = instanceWith({ passphrase_reset_token: OLD, passphrase_reset_time: '2026-11-28T11:59:59Z' });
    expect(resetStateOf(over, 'https', NOW)).to.deep.equal({ state: 'expired' });
    expect(resetEnd(over)).to.equal(NOW - 1000);
  });
});
