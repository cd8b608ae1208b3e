import { expect } from 'chai';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { attributesOf, instanceView } from '../../../src/instances/documents/instance-view.ts';

/** The document behind the recorded `instances show` (`docs/admin-api.md` §7), and its secrets. */
const recorded: StoredInstance = {
  _id: '46b5534a6cc3100711f5470755f58352',
  _rev: '2-96f4e64d60b91b56257916a94dac02af',
  register_token: 'dk2JGNsNTUb/A3ulUmuwhQ==',
  session_secret: 'c2Vzc2lvbg==',
  oauth_secret: 'b2F1dGg=',
  cli_secret: 'Y2xp',
  indexes_version: 38,
  disk_quota: '50000000000',
  password_defined: false,
  context: 'beta',
  locale: 'fr',
  prefix: 'cozya02e112849eedf94b057a8ebb5e0f6b3',
  domain: 'cli.example.org',
};

const SHOWN = `{
  "id": "46b5534a6cc3100711f5470755f58352",
  "meta": {
    "rev": "2-96f4e64d60b91b56257916a94dac02af"
  },
  "attributes": {
    "domain": "cli.example.org",
    "prefix": "cozya02e112849eedf94b057a8ebb5e0f6b3",
    "locale": "fr",
    "context": "beta",
    "onboarding_finished": false,
    "password_defined": false,
    "disk_quota": "50000000000",
    "indexes_version": 38,
    "passphrase_reset_token": null,
    "passphrase_reset_time": "0001-01-01T00:00:00Z",
    "register_token": "dk2JGNsNTUb/A3ulUmuwhQ=="
  }
}`;

describe('instanceView', () => {
  it('is the JSON of the stack, to the letter', () => {
    expect(JSON.stringify(instanceView(recorded), null, 2)).to.equal(SHOWN);
  });

  it('has the fields of the stack in its order, whatever the order of the document', () => {
    const full = attributesOf({
      ...recorded,
      swift_cluster: 1,
      couch_cluster: 2,
      magic_link: true,
      onboarding_finished: true,
      blocked: true,
      no_auto_update: true,
      auth_mode: 1,
      tos_latest: '2.0.0-20210101',
      tos: '1.0.0-20201231',
      feature_sets: ['f'],
      sponsorships: ['s'],
      oidc_id: 'o',
      uuid: 'u',
      old_domain: 'old.example.org',
      org_id: 'org',
      org_domain: 'org.example.org',
      domain_aliases: ['alias.example.org'],
      passphrase_reset_token: 'dG9rZW4=',
      passphrase_reset_time: '2026-01-02T03:04:05Z',
    });
    expect(Object.keys(full).join(' ')).to.equal(
      'domain domain_aliases org_domain org_id old_domain prefix locale uuid oidc_id context sponsorships ' +
        'feature_sets tos tos_latest auth_mode no_auto_update blocked onboarding_finished password_defined magic_link ' +
        'disk_quota indexes_version couch_cluster swift_cluster passphrase_reset_token ' +
        'passphrase_reset_time register_token',
    );
    expect(full).to.include({ passphrase_reset_time: '2026-01-02T03:04:05Z' });
  });

  it('adds at the end what the stack’s command line drops', () => {
    const more = {
      blocking_reason: 'PAYMENT_FAILED',
      deleting: true,
      moved: true,
      franceconnect_id: 'fc',
      feature_flags: { drive: true },
      common_settings_version: 3,
    };
    const attributes = attributesOf({ ...recorded, ...more });
    expect(Object.entries(attributes).slice(-6)).to.deep.equal(Object.entries(more));
  });

  it('leaves out what is empty, as Go does', () => {
    const empty = attributesOf({
      ...recorded,
      domain_aliases: [],
      feature_flags: {},
      blocked: false,
      couch_cluster: 0,
      tos: '',
      org_id: '',
    });
    expect(empty).to.deep.equal(attributesOf(recorded));
  });

  it('never has hashes nor signing secrets, nor fields it does not know', () => {
    const attributes = attributesOf({ ...recorded, passphrase_hash: 'aGFzaA==', something: 'else' });
    expect(attributes).not.to.have.any.keys(
      ...['passphrase_hash', 'session_secret', 'oauth_secret', 'cli_secret', 'something', '_id', '_rev'],
    );
  });

  it('says null of a password that an old document knows nothing about', () => {
    const { password_defined: _, indexes_version: __, ...old } = recorded;
    const attributes = attributesOf({ ...old, password_defined: null });
    expect(attributes).to.include({ password_defined: null, indexes_version: 0 });
  });
});
