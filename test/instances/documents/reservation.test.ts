import { expect } from 'chai';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import { isReservation, reservationHash } from '../../../src/instances/documents/reservation.ts';
import { optionsHash } from '../../../src/instances/options/options.ts';
import { finish, reserve, secrets } from '../sample-documents.ts';
import { sampleOptions } from '../sample-options.ts';

describe('reservationDocument', () => {
  const everything = sampleOptions({
    aliases: ['a.example.org'],
    context: 'beta',
    oldDomain: 'old.example.org',
    orgDomain: 'org.example.org',
    orgId: 'org',
    uuid: 'u',
    oidcId: 'o',
    franceconnectId: 'f',
    blocked: true,
    blockingReason: 'PAYMENT_FAILED',
  });

  it('holds the domain, blocked, with the hash of the options', () => {
    const options = sampleOptions();
    expect(reserve(options)).to.deep.equal({
      _id: reservationId('alice.example.com'),
      domain: 'alice.example.com',
      prefix: 'cozy0d88385e5e731af27c0f1c0a312135b9',
      locale: 'en',
      blocked: true,
      blocking_reason: `PROVISIONING:${optionsHash(options)}`,
      indexes_version: 39,
      password_defined: false,
      session_secret: secrets.session_secret,
      oauth_secret: secrets.oauth_secret,
      cli_secret: secrets.cli_secret,
    });
  });

  it('holds the aliases and the context too', () => {
    expect(reserve(everything)).to.deep.include({ domain_aliases: ['a.example.org'], context: 'beta' });
  });

  it('has nothing that opens settings or OIDC while the instance is not finished', () => {
    expect(reserve(everything)).not.to.have.any.keys(
      'register_token',
      'passphrase_hash',
      'oidc_id',
      'franceconnect_id',
      'old_domain',
      'org_domain',
      'org_id',
      'uuid',
    );
  });

  it('names the cluster when it is not the first', () => {
    expect(reserve(sampleOptions(), 2)).to.have.property('couch_cluster', 2);
    expect(reserve(sampleOptions(), 0)).not.to.have.property('couch_cluster');
  });
});

describe('isReservation', () => {
  it('knows a reservation and its hash', () => {
    const options = sampleOptions();
    expect(isReservation(reserve(options))).to.equal(true);
    expect(reservationHash(reserve(options))).to.equal(optionsHash(options));
  });

  it('is false for a blocked instance in use', () => {
    expect(isReservation(finish(sampleOptions({ blocked: true, blockingReason: 'LOGIN_FAILED' })))).to.equal(
      false,
    );
  });

  it('is false for a finished instance, even if its blocking reason looks like ours', () => {
    const options = sampleOptions({ blocked: true, blockingReason: 'PROVISIONING:0123456789abcdef' });
    expect(isReservation(finish(options))).to.equal(false);
  });

  it('is true of one into which a stack has written what came by message', () => {
    const written = {
      passphrase_hash: 'aGFzaA==',
      password_defined: true,
      auth_mode: 2,
      indexes_version: 99,
    };
    expect(isReservation({ ...reserve(sampleOptions()), ...written })).to.equal(true);
  });

  it('is false for a document with another id', () => {
    expect(isReservation({ ...reserve(sampleOptions()), _id: '0'.repeat(32) })).to.equal(false);
  });

  for (const [field, value] of [
    ['register_token', 'dG9rZW4='],
    ['onboarding_finished', true],
  ] as const) {
    it(`is false with ${field}, whatever the reason of the block`, () => {
      expect(isReservation({ ...reserve(sampleOptions()), [field]: value })).to.equal(false);
    });
  }

  it('is false once the block is gone', () => {
    expect(isReservation({ ...reserve(sampleOptions()), blocked: false })).to.equal(false);
  });
});
