import { expect } from 'chai';
import { INDEXES_VERSIONS } from '../../../src/config/config.ts';
import { finishedDocument } from '../../../src/instances/documents/finished-document.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import { golden } from '../golden.ts';
import { finish, reserve, TOKEN } from '../sample-documents.ts';
import { sampleOptions } from '../sample-options.ts';

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
      featureFlags: { on: true },
      tos: '1.0.0-20260101',
      tosLatest: '2.0.0-20270101',
      authMode: 'two_factor_oidc',
      autoUpdate: false,
      magicLink: true,
      blocked: true,
      blockingReason: 'PAYMENT_FAILED',
      onboardingFinished: true,
    });
    expect(finish(options)).to.deep.include({
      old_domain: 'old.example.org',
      org_domain: 'org.example.org',
      org_id: 'org',
      franceconnect_id: 'fc',
      sponsorships: ['b', 'a'],
      feature_sets: ['s'],
      feature_flags: { on: true },
      tos: '1.0.0-20260101',
      tos_latest: '2.0.0-20270101',
      auth_mode: 2,
      no_auto_update: true,
      magic_link: true,
      blocked: true,
      blocking_reason: 'PAYMENT_FAILED',
      onboarding_finished: true,
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

  it('keeps a flag that somebody else set, and sets the others', () => {
    const options = sampleOptions({ featureFlags: { ours: true, both: 1 } });
    const reservation = { ...reserve(options), feature_flags: { both: 2, theirs: [] } };
    const document = finishedDocument(reservation, options, TOKEN);
    expect(document.feature_flags).to.deep.equal({ ours: true, both: 2, theirs: [] });
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
