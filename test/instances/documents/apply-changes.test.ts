import { expect } from 'chai';
import { applyChanges, applySettings } from '../../../src/instances/documents/apply-changes.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import type { InstanceChanges } from '../../../src/instances/options/changes.ts';

const PLAIN: InstanceDocument = {
  _id: 'a'.repeat(32),
  _rev: '3-b',
  domain: 'alice.example.com',
  prefix: 'cozy0',
  locale: 'en',
  password_defined: false,
};

const changed = (changes: InstanceChanges, fields: Partial<InstanceDocument> = {}): InstanceDocument =>
  applyChanges({ ...PLAIN, ...fields }, changes);

describe('applyChanges', () => {
  it('writes each change where the stack has it', () => {
    const changes: InstanceChanges = {
      locale: 'fr',
      uuid: 'u',
      oidcId: 'o',
      franceconnectId: 'f',
      oldDomain: 'old.example.com',
      context: 'beta',
      aliases: ['b.example.com', 'a.example.com'],
      sponsorships: ['two', 'one'],
      featureSets: ['b', 'a'],
      diskQuota: 5_000_000_000,
      authMode: 'two_factor_oidc',
      autoUpdate: false,
      magicLink: true,
      onboardingFinished: true,
      tos: '1.0.0',
      settings: { tz: 'UTC' },
    };
    expect(changed(changes)).to.deep.equal({
      ...PLAIN,
      locale: 'fr',
      uuid: 'u',
      oidc_id: 'o',
      franceconnect_id: 'f',
      old_domain: 'old.example.com',
      context: 'beta',
      domain_aliases: ['b.example.com', 'a.example.com'],
      sponsorships: ['two', 'one'],
      feature_sets: ['a', 'b'],
      disk_quota: '5000000000',
      auth_mode: 2,
      no_auto_update: true,
      magic_link: true,
      onboarding_finished: true,
      tos: '1.0.0',
    });
  });

  it('leaves no empty field behind', () => {
    const full: Partial<InstanceDocument> = {
      domain_aliases: ['a.example.com'],
      sponsorships: ['one'],
      feature_sets: ['a'],
      disk_quota: '5',
      auth_mode: 1,
      no_auto_update: true,
      magic_link: true,
      onboarding_finished: true,
      deleting: true,
    };
    const changes: InstanceChanges = {
      aliases: [],
      sponsorships: [],
      featureSets: [],
      diskQuota: null,
      authMode: 'basic',
      autoUpdate: true,
      magicLink: false,
      onboardingFinished: false,
      deleting: false,
    };
    expect(changed(changes, full)).to.deep.equal(PLAIN);
  });

  it('keeps what it does not know', () => {
    const fields = { added_by_a_later_stack: { deep: [1, null] } };
    expect(changed({ locale: 'fr' }, fields)).to.deep.equal({ ...PLAIN, ...fields, locale: 'fr' });
  });

  it('does not touch what it is given', () => {
    const before = Object.freeze({ ...PLAIN, blocked: true, blocking_reason: 'MOVING' });
    applyChanges(before, { blocked: false, locale: 'fr' });
    expect(before).to.include({ locale: 'en', blocked: true });
  });

  describe('of a block', () => {
    for (const reason of ['LOGIN_FAILED', 'PAYMENT_FAILED', 'IMPORTING', 'MOVING', 'UNKNOWN', 'on holiday']) {
      it(`give the reason ${reason}`, () => {
        expect(changed({ blocked: true, blockingReason: reason })).to.deep.equal({
          ...PLAIN,
          blocked: true,
          blocking_reason: reason,
        });
      });
    }

    it('block for a reason alone', () => {
      expect(changed({ blockingReason: 'MOVING' })).to.include({ blocked: true, blocking_reason: 'MOVING' });
    });

    it('give the stack’s own reason where none is given', () => {
      expect(changed({ blocked: true })).to.include({ blocked: true, blocking_reason: 'UNKNOWN' });
    });

    it('keep the reason of an instance that is blocked', () => {
      const blocked = { blocked: true, blocking_reason: 'MOVING' };
      expect(changed({ blocked: true }, blocked)).to.deep.equal({ ...PLAIN, ...blocked });
    });

    it('do not bring back a reason that the stack left behind', () => {
      const fields = { blocking_reason: 'PAYMENT_FAILED' };
      expect(changed({ blocked: true }, fields)).to.include({ blocking_reason: 'UNKNOWN' });
    });

    it('take the reason away with it', () => {
      const fields = { blocked: true, blocking_reason: 'PAYMENT_FAILED' };
      expect(changed({ blocked: false }, fields)).to.deep.equal(PLAIN);
    });
  });

  describe('of the terms of service', () => {
    const tosOf = ({ tos, tos_latest }: InstanceDocument) => ({ tos, tos_latest });

    it('keep the latest where its major version is not signed', () => {
      const after = changed({ tosLatest: '2.0.0-20260101' }, { tos: '1.9.0' });
      expect(tosOf(after)).to.deep.equal({ tos: '1.9.0', tos_latest: '2.0.0-20260101' });
    });

    it('keep the latest where nothing was signed', () => {
      expect(changed({ tosLatest: '1.0.0-20260101' })).to.include({ tos_latest: '1.0.0-20260101' });
    });

    it('keep the latest where what was signed cannot be read', () => {
      const after = changed({ tosLatest: '1.0.0-20260101' }, { tos: 'yes' });
      expect(after).to.include({ tos_latest: '1.0.0-20260101' });
    });

    it('ignore the latest where its major version is signed', () => {
      const before = { tos: '2.0.0-20250101' };
      expect(changed({ tosLatest: '2.1.0-20260101' }, before)).to.deep.equal({ ...PLAIN, ...before });
    });

    it('take the latest away once it is signed', () => {
      const after = changed({ tos: '2.0.0' }, { tos: '1.0.0', tos_latest: '2.0.0-20260101' });
      expect(tosOf(after)).to.deep.equal({ tos: '2.0.0', tos_latest: undefined });
      expect(after).not.to.have.property('tos_latest');
    });

    it('leave the latest where something older is signed', () => {
      const after = changed({ tos: '1.5.0' }, { tos_latest: '2.0.0-20260101' });
      expect(tosOf(after)).to.deep.equal({ tos: '1.5.0', tos_latest: '2.0.0-20260101' });
    });

    it('may name and sign the latest at once', () => {
      expect(changed({ tos: '2.0.0', tosLatest: '2.0.0-20260101' })).to.not.have.property('tos_latest');
    });
  });
});

describe('applySettings', () => {
  it('merges, and takes nothing away', () => {
    const before = { _id: 'io.cozy.settings.instance', _rev: '1-a', tz: 'UTC', moved_to: 'x' };
    const after = applySettings(before, { settings: { tz: 'Europe/Paris', email: '' } });
    expect(after).to.deep.equal({ ...before, tz: 'Europe/Paris', email: '' });
  });
});
