import { expect } from 'chai';
import { applyChanges } from '../../../../src/instances/documents/apply-changes.ts';
import type { InstanceDocument } from '../../../../src/instances/documents/instance-document.ts';
import { neededChanges } from '../../../../src/operations/instances/lists/needed-changes.ts';

describe('changes that are needed', () => {
  const instance = (fields: Partial<InstanceDocument> = {}): InstanceDocument => ({
    _id: '1',
    domain: 'a.org',
    locale: 'en',
    password_defined: false,
    ...fields,
  });

  for (const [what, fields, settings, changes] of [
    ['the order of aliases', { domain_aliases: ['b.org', 'c.org'] }, {}, { aliases: ['c.org', 'b.org'] }],
    [
      'how an alias is written',
      { domain_aliases: ['zo\u0065\u0301.org'] },
      {},
      { aliases: ['zo\u00e9.org'] },
    ],
    ['the order of sponsorships', { sponsorships: ['x', 'y'] }, {}, { sponsorships: ['y', 'x'] }],
    ['the order of feature sets', { feature_sets: ['x', 'y'] }, {}, { featureSets: ['y', 'x', 'x'] }],
    [
      'the case of an address',
      {},
      { email: 'Alice@Example.org' },
      { settings: { email: 'alice@example.org' } },
    ],
    ['latest terms that are signed', { tos: '2.0.0-20260101' }, {}, { tosLatest: '2.0.0-20260101' }],
    [
      'latest terms that were stored beside their signature',
      { tos: '2.0.0', tos_latest: '2.0.0-20260101' },
      {},
      { tos: '2.0.0', tosLatest: '2.0.0-20260101' },
    ],
    ['terms that were signed later', { tos: '2.0.0-20260701' }, {}, { tos: '1.0.0-20200101' }],
    ['terms of a later day', { tos: '1.0.0-20260701' }, {}, { tos: '1.0.0-20200101' }],
    ['a day that the list does not know', { tos: '1.0.0-20260701' }, {}, { tos: '1.0.0' }],
    [
      'a list from before the latest terms were signed',
      { tos: '2.0.0-20260701' },
      {},
      { tos: '1.0.0-20200101', tosLatest: '2.0.0-20260701' },
    ],
    ['terms in the short form', { tos: '20260101' }, {}, { tos: '1.0.0-20260101' }],
    ['a reason that an earlier block has left', { blocking_reason: 'X' }, {}, { blocked: false }],
    ['a block without a reason', { blocked: true, blocking_reason: 'X' }, {}, { blocked: true }],
    ['a reason that is there', { blocked: true, blocking_reason: 'X' }, {}, { blockingReason: 'X' }],
    ['a locale that is there', {}, {}, { locale: 'en' }],
    ['what is absent and would be empty', {}, {}, { magicLink: false, autoUpdate: true, authMode: 'basic' }],
    ['a flag that is set', { feature_flags: { a: 1, b: 2 } }, {}, { featureFlags: { a: 1 } }],
    ['a quota that is none', {}, {}, { diskQuota: null }],
  ] as const) {
    it(`are none for ${what}`, () => {
      const list = JSON.parse(JSON.stringify(changes));
      const document = instance(JSON.parse(JSON.stringify(fields)));
      expect(neededChanges(document, settings, list)).to.equal(undefined);
    });
  }

  it('are just those that differ', () => {
    const now = instance({ uuid: 'u', feature_flags: { a: 1 }, domain_aliases: ['b.org'] });
    const wanted = {
      ...{ locale: 'fr', uuid: 'u', aliases: ['b.org', 'c.org'], featureFlags: { a: 1, b: null, c: true } },
      settings: { tz: 'Europe/Paris', email: 'a@b.org' },
    };
    expect(neededChanges(now, { email: 'A@b.org' }, wanted)).to.deep.equal({
      locale: 'fr',
      aliases: ['b.org', 'c.org'],
      featureFlags: { c: true },
      settings: { tz: 'Europe/Paris' },
    });
  });

  it('are a block, and another reason for one', () => {
    expect(neededChanges(instance(), {}, { blocked: true })).to.deep.equal({ blocked: true });
    const blocked = instance({ blocked: true, blocking_reason: 'X' });
    expect(neededChanges(blocked, {}, { blockingReason: 'Y' })).to.deep.equal({ blockingReason: 'Y' });
    expect(neededChanges(blocked, {}, { blocked: false })).to.deep.equal({ blocked: false });
  });

  it('are terms that are not signed', () => {
    const changes = { tosLatest: '3.0.0-20260101' };
    expect(neededChanges(instance({ tos: '2.0.0' }), {}, changes)).to.deep.equal(changes);
  });

  it('are terms that are later than what was signed, or than what cannot be read', () => {
    const changes = { tos: '1.10.0' };
    expect(neededChanges(instance({ tos: '1.9.0-20260101' }), {}, changes)).to.deep.equal(changes);
    expect(neededChanges(instance({ tos: '2.0' }), {}, changes)).to.deep.equal(changes);
  });

  it('are the latest terms alone where a later version than that of the list is signed, but not these', () => {
    const wanted = { tos: '1.0.0', tosLatest: '3.0.0-20270101' };
    expect(neededChanges(instance({ tos: '2.0.0' }), {}, wanted)).to.deep.equal({
      tosLatest: '3.0.0-20270101',
    });
  });

  for (const tos of [undefined, 'yes', '1.0.0', '2.0.0-20260701', '3.0.0'])
    for (const latest of [undefined, '2.0.0-20260701', '4.0.0-20260701'])
      it(`are none once they are made, of terms ${tos} with the latest ${latest}`, () => {
        const before = instance({ ...(tos && { tos }), ...(latest && { tos_latest: latest }) });
        const wanted = { tos: '2.0.0', tosLatest: '3.0.0-20270101' };
        const after = applyChanges(before, neededChanges(before, {}, wanted) ?? {});
        expect(neededChanges(after, {}, wanted)).to.equal(undefined);
      });

  it('take away all of a set where that is said', () => {
    const now = instance({ sponsorships: ['x'] });
    expect(neededChanges(now, {}, { sponsorships: [] })).to.deep.equal({ sponsorships: [] });
  });
});
