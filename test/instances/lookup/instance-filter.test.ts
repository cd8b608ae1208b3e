import { expect } from 'chai';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import type { InstanceDocument } from '../../../src/instances/documents/instance-document.ts';
import {
  describeFilter,
  documentPart,
  type InstanceFilter,
  instanceFilter,
  isEmptyFilter,
  matchesDocument,
} from '../../../src/instances/lookup/instance-filter.ts';

const zoe: InstanceDocument = {
  _id: '1',
  domain: 'zoe.school.org',
  domain_aliases: ['zoe.example.org'],
  locale: 'fr',
  context: 'beta',
  password_defined: true,
  onboarding_finished: true,
};

describe('an instance filter', () => {
  const takes = (filter: InstanceFilter, changes: Partial<InstanceDocument> = {}) =>
    matchesDocument(documentPart(filter), { ...zoe, ...changes });

  it('means all instances when it is empty', () => {
    expect(takes({})).to.equal(true);
    expect(isEmptyFilter({})).to.equal(true);
    expect(isEmptyFilter({ locale: 'fr' })).to.equal(false);
  });

  it('tells what a document says apart from what has to be measured', () => {
    const measured = { idleSince: '2026-01-01T00:00:00.000Z', usedOver: 90, apps: ['drive'] };
    expect(documentPart({ locale: 'fr', ...measured })).to.deep.equal({ locale: 'fr' });
    expect(documentPart(measured)).to.deep.equal({});
  });

  it('takes any of its states', () => {
    const filter: InstanceFilter = { states: ['blocked', 'deleting'] };
    expect(takes(filter)).to.equal(false);
    expect(takes(filter, { blocked: true })).to.equal(true);
    expect(takes(filter, { deleting: true })).to.equal(true);
  });

  it('tells a reservation from an instance that an operator blocked', () => {
    const reservation = { blocked: true, blocking_reason: 'PROVISIONING:0123456789abcdef' };
    const unfinished = { ...reservation, _id: reservationId(zoe.domain), onboarding_finished: false };
    expect(takes({ states: ['blocked'] }, unfinished)).to.equal(false);
    expect(takes({ states: ['provisioning'] }, unfinished)).to.equal(true);
    expect(takes({ states: ['blocked'] }, reservation)).to.equal(true);
  });

  it('takes its context and its locale, and no other', () => {
    const { context: _, ...withoutContext } = zoe;
    expect(takes({ context: 'beta' })).to.equal(true);
    expect(takes({ context: 'bet' })).to.equal(false);
    expect(matchesDocument({ context: 'beta' }, withoutContext)).to.equal(false);
    expect(takes({ locale: 'fr' })).to.equal(true);
    expect(takes({ locale: 'en' })).to.equal(false);
  });

  it('takes its organization, and no other', () => {
    const member = { org_id: 'school', org_domain: 'school.org' };
    expect(takes({ orgId: 'school' })).to.equal(false);
    expect(takes({ orgId: 'school' }, member)).to.equal(true);
    expect(takes({ orgId: 'School' }, member)).to.equal(false);
    expect(takes({ orgDomain: 'school.org' }, member)).to.equal(true);
    expect(takes({ orgId: 'school', orgDomain: 'other.org' }, member)).to.equal(false);
    expect(describeFilter({ orgId: 'school', orgDomain: 'school.org' })).to.equal(
      'org-id school, org-domain school.org',
    );
    expect(isEmptyFilter({ orgId: 'school' })).to.equal(false);
  });

  it('compares its pattern with the domain, not with aliases', () => {
    expect(takes({ domain: '*.School.org' })).to.equal(true);
    expect(takes({ domain: '*.example.org' })).to.equal(false);
  });

  it('asks for all that is given', () => {
    expect(takes({ context: 'beta', locale: 'fr', states: ['onboarded'], domain: 'zoe*' })).to.equal(true);
    expect(takes({ context: 'beta', locale: 'en' })).to.equal(false);
  });

  it('is said in words', () => {
    expect(describeFilter({ context: 'beta', states: ['blocked', 'pending'], domain: '*.org' })).to.equal(
      'state blocked or pending, context beta, domain *.org',
    );
    expect(describeFilter({})).to.equal('all instances');
  });

  it('comes through JSON, and nothing else does', () => {
    const filter = { states: ['blocked'], context: 'beta' };
    expect(instanceFilter.parse(JSON.parse(JSON.stringify(filter)))).to.deep.equal(filter);
    for (const bad of [{ state: 'blocked' }, { states: ['gone'] }, { states: [] }, { context: '' }]) {
      expect(instanceFilter.safeParse(bad).success, JSON.stringify(bad)).to.equal(false);
    }
  });
});
