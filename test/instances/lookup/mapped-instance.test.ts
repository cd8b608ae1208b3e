import { expect } from 'chai';
import { reservationDocument } from '../../../src/instances/documents/reservation.ts';
import { nameDocument } from '../../../src/instances/lookup/mapped-instance.ts';
import type { InstanceOptions } from '../../../src/instances/options/options.ts';

const DOMAIN = 'alice.example.org';
const base = { _id: 'alice', domain: DOMAIN, locale: 'fr', password_defined: false };

const options: InstanceOptions = {
  domain: DOMAIN,
  aliases: ['ally.example.org'],
  locale: 'fr',
  settings: {},
  apps: [],
  hasPassphrase: false,
};
const secrets = { session_secret: 'a', oauth_secret: 'b', cli_secret: 'c' };

describe('what is kept of an instance for its hosts', () => {
  const standings: readonly [string, object, object][] = [
    ['onboarding, with a token', { register_token: 'dG9rZW4=' }, { state: 'onboarding' }],
    ['onboarding, without one', {}, { state: 'onboarding' }],
    ['ready', { onboarding_finished: true }, { state: 'ready' }],
    ['blocked without a reason', { blocked: true }, { state: 'blocked', reason: '' }],
    [
      'blocked with one',
      { blocked: true, blocking_reason: 'PAYMENT_FAILED' },
      { state: 'blocked', reason: 'PAYMENT_FAILED' },
    ],
    ['not blocked, with a reason that was left', { blocking_reason: 'X' }, { state: 'onboarding' }],
    ['moved before blocked', { blocked: true, moved: true }, { state: 'moved' }],
    ['deleting before moved', { deleting: true, moved: true }, { state: 'deleting' }],
  ];
  for (const [name, fields, standing] of standings) {
    it(`is its state: ${name}`, () => {
      expect(nameDocument({ ...base, ...fields }).instance?.standing).to.deep.equal(standing);
    });
  }

  it('is that a reservation is being made, whatever else is written into it', () => {
    const reservation = reservationDocument(options, { secrets, cluster: 0 });
    for (const more of [{}, { passphrase_hash: 'x', deleting: true }]) {
      expect(nameDocument({ ...reservation, ...more }).instance?.standing).to.deep.equal({
        state: 'provisioning',
      });
    }
  });

  it('has no secret in it', () => {
    const secretFields = {
      register_token: 'secret-1',
      passphrase_hash: 'secret-2',
      passphrase_reset_token: 'secret-3',
      session_secret: 'secret-4',
      oauth_secret: 'secret-5',
      cli_secret: 'secret-6',
      oidc_id: 'secret-7',
    };
    expect(JSON.stringify(nameDocument({ ...base, ...secretFields }))).not.to.contain('secret');
  });

  it('are domain and aliases, each once, and only texts', () => {
    const { names } = nameDocument({ ...base, domain_aliases: ['b.org', DOMAIN, 'b.org', '', 7, null] });
    expect(names).to.deep.equal([DOMAIN, 'b.org']);
  });

  it('are the names of a document that cannot be read, without an instance', () => {
    const { names, instance } = nameDocument({ ...base, blocked: 'yes', old_domain: 'old.org' });
    expect(names).to.deep.equal([DOMAIN]);
    expect(instance).to.equal(undefined);
  });

  it('is bounded, however long a text is', () => {
    const long = '😀'.repeat(100_000);
    const document = { ...base, blocked: true, blocking_reason: long, context: long, domain_aliases: [long] };
    expect(JSON.stringify(nameDocument(document)).length).to.be.below(5_000);
  });
});
