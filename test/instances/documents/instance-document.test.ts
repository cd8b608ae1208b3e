import { expect } from 'chai';
import { INDEXES_VERSIONS, type IndexesVersion } from '../../../src/config/indexes-versions.ts';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import { finishedDocument } from '../../../src/instances/documents/finished-document.ts';
import {
  type InstanceDocument,
  instanceState,
  isReservation,
  registersPassphrase,
  reservationDocument,
  reservationHash,
  stackState,
} from '../../../src/instances/documents/instance-document.ts';
import type { InstanceOptions } from '../../../src/instances/options/options.ts';
import { optionsHash } from '../../../src/instances/options/options-hash.ts';
import { newSecrets } from '../../../src/instances/vault/secrets.ts';
import { golden } from '../golden.ts';
import { sampleOptions } from '../sample-options.ts';

const secrets = newSecrets();
const TOKEN = { registerToken: secrets.register_token };

function reserve(
  options: InstanceOptions,
  cluster = 0,
  indexesVersion: IndexesVersion = 39,
): InstanceDocument {
  return reservationDocument(options, { secrets, cluster, indexesVersion });
}

function finish(options: InstanceOptions, cluster = 0, indexesVersion?: IndexesVersion): InstanceDocument {
  return finishedDocument(reserve(options, cluster, indexesVersion), options, TOKEN);
}

const SECRET_FIELDS = ['register_token', 'session_secret', 'oauth_secret', 'cli_secret'];

/** As the golden README says. */
function normalised(document: InstanceDocument): Record<string, unknown> {
  const entries = Object.entries(document).map(([key, value]) => {
    if (key === '_id') return [key, '<id>'];
    if (key === 'passphrase_hash') return [key, '<passphrase_hash>'];
    if (!SECRET_FIELDS.includes(key)) return [key, value];
    return [key, `<base64 of ${Buffer.from(String(value), 'base64').length} bytes>`];
  });
  return Object.fromEntries(entries);
}

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

describe('finishedDocument', () => {
  for (const version of INDEXES_VERSIONS) {
    it(`is the one a stack of ${version} wrote for a minimal instance`, () => {
      const options = sampleOptions({ domain: 'minimal.example.org' });
      expect(normalised(finish(options, 0, version))).to.deep.equal(golden('minimal', version).instance);
    });

    it(`is the one a stack of ${version} wrote for an instance with many options`, () => {
      const options = sampleOptions({
        domain: 'full.example.org',
        aliases: ['full.other.org', 'full2.example.org'],
        locale: 'fr',
        context: 'beta',
        uuid: '3b0b6f0e-5a8b-4a4f-8a0e-0a7b1b2c3d4e',
        oidcId: 'oidc-2',
        diskQuota: 5_000_000_000,
        settings: { tz: 'Europe/Paris', email: 'alice@example.org' },
        apps: ['agenda', 'waterbill'],
      });
      expect(normalised(finish(options, 0, version))).to.deep.equal(golden('full', version).instance);
    });

    it(`is the one a stack of ${version} wrote for an instance with a passphrase`, () => {
      const options = sampleOptions({ domain: 'onboarded.example.org', hasPassphrase: true });
      const document = finishedDocument(reserve(options, 0, version), options, {
        ...TOKEN,
        passphraseHash: 'aGFzaA==',
      });
      expect(normalised(document)).to.deep.equal(golden('onboarded', version).instance);
    });
  }

  it('sets every option the stack knows', () => {
    const options = sampleOptions({
      oldDomain: 'old.example.org',
      orgDomain: 'org.example.org',
      orgId: 'org',
      franceconnectId: 'fc',
      sponsorships: ['b', 'a'],
      featureSets: ['s'],
      tos: '1.0.0-20260101',
      tosLatest: '2.0.0-20270101',
      authMode: 'two_factor_oidc',
      autoUpdate: false,
      magicLink: true,
      blocked: true,
      blockingReason: 'PAYMENT_FAILED',
    });
    expect(finish(options)).to.deep.include({
      old_domain: 'old.example.org',
      org_domain: 'org.example.org',
      org_id: 'org',
      franceconnect_id: 'fc',
      sponsorships: ['b', 'a'],
      feature_sets: ['s'],
      tos: '1.0.0-20260101',
      tos_latest: '2.0.0-20270101',
      auth_mode: 2,
      no_auto_update: true,
      magic_link: true,
      blocked: true,
      blocking_reason: 'PAYMENT_FAILED',
    });
  });

  it('leaves out what is empty', () => {
    const options = sampleOptions({
      context: '',
      sponsorships: [],
      authMode: 'basic',
      autoUpdate: true,
      magicLink: false,
      blocked: false,
    });
    expect(Object.keys(finish(options)).sort()).to.deep.equal(Object.keys(finish(sampleOptions())).sort());
  });

  it('keeps identity, revision, place and secrets of the reservation', () => {
    const options = sampleOptions();
    const reservation: InstanceDocument = { ...reserve(options, 1), _rev: '1-a' };
    const kept = ['_id', '_rev', 'prefix', 'couch_cluster', 'cli_secret', 'oauth_secret', 'session_secret'];
    const document = finishedDocument(reservation, options, TOKEN);
    for (const field of kept) expect(document[field], field).to.equal(reservation[field]);
  });

  it('keeps what somebody else wrote into the reservation', () => {
    const options = sampleOptions({ authMode: 'two_factor_mail', hasPassphrase: true });
    const theirs = {
      passphrase_hash: 'dGhlaXJz',
      session_secret: 'c2Vzc2lvbg==',
      password_defined: true,
      auth_mode: 2,
      indexes_version: 99,
      common_settings_version: 4,
      of_a_stack_to_come: { a: [1] },
    };
    const document = finishedDocument({ ...reserve(options), ...theirs }, options, {
      passphraseHash: 'b3Vycw==',
    });
    expect(document).to.deep.include(theirs);
    expect(document).to.not.have.any.keys('blocked', 'blocking_reason', 'register_token');
  });

  it('says no password is defined when a random one was registered', () => {
    const options = sampleOptions({ magicLink: true });
    const document = finishedDocument(reserve(options), options, { passphraseHash: 'aGFzaA==' });
    expect(document).to.include({ password_defined: false, onboarding_finished: true });
  });

  it('refuses an instance nobody could enter', () => {
    const options = sampleOptions();
    expect(() => finishedDocument(reserve(options), options, {}))
      .to.throw('neither')
      .with.property('code', 'no_way_in');
  });
});

describe('registersPassphrase', () => {
  it('registers what was given', () => {
    expect(registersPassphrase(sampleOptions({ hasPassphrase: true }), false)).to.equal('given');
  });

  it('registers nothing when nothing was given', () => {
    expect(registersPassphrase(sampleOptions(), false)).to.equal('none');
  });

  it('registers a random one where the context forces OIDC', () => {
    expect(registersPassphrase(sampleOptions(), true)).to.equal('random');
  });

  it('registers a random one for FranceConnect and magic links', () => {
    expect(registersPassphrase(sampleOptions({ franceconnectId: 'f' }), false)).to.equal('random');
    expect(registersPassphrase(sampleOptions({ magicLink: true }), false)).to.equal('random');
  });

  it('prefers the random one to the given one', () => {
    expect(registersPassphrase(sampleOptions({ hasPassphrase: true, magicLink: true }), false)).to.equal(
      'random',
    );
  });
});

describe('instanceState', () => {
  const fresh = finish(sampleOptions());

  it('is provisioning for a reservation', () => {
    expect(instanceState(reserve(sampleOptions()))).to.equal('provisioning');
  });

  it('is deleting above all else', () => {
    expect(instanceState({ ...reserve(sampleOptions()), deleting: true })).to.equal('deleting');
  });

  it('is blocked when an operator blocked it', () => {
    expect(instanceState({ ...fresh, onboarding_finished: true, blocked: true })).to.equal('blocked');
  });

  it('is onboarding while the register token is there', () => {
    expect(instanceState(fresh)).to.equal('onboarding');
  });

  it('is onboarded when the owner is in', () => {
    expect(instanceState({ ...fresh, onboarding_finished: true })).to.equal('onboarded');
  });

  it('is pending without token', () => {
    const { register_token: _, ...withoutToken } = fresh;
    expect(instanceState(withoutToken)).to.equal('pending');
  });
});

describe('stackState', () => {
  const fresh = finish(sampleOptions());

  it('tells only whether the owner came in, as the stack does', () => {
    const { register_token: _, ...withoutToken } = fresh;
    expect(stackState({ ...fresh, blocked: true, deleting: true })).to.equal('onboarding');
    expect(stackState({ ...fresh, onboarding_finished: true })).to.equal('onboarded');
    expect(stackState(withoutToken)).to.equal('pending');
  });
});
