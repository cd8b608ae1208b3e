import { expect } from 'chai';
import type { KnownInstance, ListedFleet } from '../../../../src/operations/instances/lists/listed-fleet.ts';
import { namedInstances } from '../../../../src/operations/instances/lists/named-instances.ts';

describe('instances that a row names', () => {
  const known = (domain: string, more: Partial<KnownInstance> = {}): KnownInstance => ({
    seen: { id: domain, incarnation: '0123456789abcdef' },
    rev: '1-a',
    domain,
    inScope: true,
    ...more,
  });

  /** A fleet in which these instances have these other names. */
  function fleetOf(
    instances: readonly KnownInstance[],
    names: Readonly<Record<string, KnownInstance>> = {},
    former: Readonly<Record<string, KnownInstance>> = {},
  ): ListedFleet {
    const at = (all: Readonly<Record<string, KnownInstance>>, name: string) => {
      const found = all[name];
      return found === undefined ? [] : [found];
    };
    return {
      instances,
      unreadable: [],
      withDomain: (name) => instances.filter(({ domain }) => domain.toLowerCase() === name.toLowerCase()),
      withOtherName: (name, by) => at(by === 'alias' ? names : former, name),
      withUuid: (uuid) => instances.filter((each) => each.uuid === uuid),
      withOidcId: (id) => instances.filter((each) => each.oidcId === id),
      withFranceconnectId: (id) => instances.filter((each) => each.franceconnectId === id),
      othersOf: () => [],
    };
  }

  const row = (domain: string, changes: object = {}) => ({ domain, changes });

  it('are the one with its domain', () => {
    const a = known('a.org');
    const found = namedInstances(row('a.org'), fleetOf([a, known('b.org')]));
    expect(found).to.deep.equal({ own: a, named: [a] });
  });

  it('are none for a domain that is new', () => {
    expect(namedInstances(row('c.org'), fleetOf([known('a.org')]))).to.deep.equal({
      own: undefined,
      named: [],
    });
  });

  const other = known('b.org', { uuid: 'u', oidcId: 'o', franceconnectId: 'f' });
  for (const [what, wanted, fleet] of [
    ['alias', row('a.org'), fleetOf([other], { 'a.org': other })],
    ['former domain', row('a.org'), fleetOf([other], {}, { 'a.org': other })],
    ['uuid', row('a.org', { uuid: 'u' }), fleetOf([other])],
    ['oidc_id', row('a.org', { oidcId: 'o' }), fleetOf([other])],
    ['uuid', row('a.org', { uuid: 'u' }), fleetOf([known('a.org'), other])],
    ['franceconnect_id', row('a.org', { franceconnectId: 'f' }), fleetOf([other])],
    ['alias', row('a.org', { aliases: ['c.org'] }), fleetOf([other], { 'c.org': other })],
    ['former domain', row('a.org', { aliases: ['c.org'] }), fleetOf([other], {}, { 'c.org': other })],
    ['domain', row('a.org', { oldDomain: 'b.org' }), fleetOf([other])],
    ['alias', row('a.org', { oldDomain: 'c.org' }), fleetOf([other], { 'c.org': other })],
    ['former domain', row('a.org', { oldDomain: 'c.org' }), fleetOf([other], {}, { 'c.org': other })],
  ] as const) {
    it(`are held, and none of them is unlisted, where one has it as its ${what}`, () => {
      const { held, named } = namedInstances(wanted, fleet);
      expect(held).to.include({ code: 'names_other' });
      expect(held?.message).to.contain(what).and.to.contain('b.org');
      expect(named).to.include(other);
    });
  }

  it('are clear where its own instance has what another one has, too', () => {
    const own = known('a.org', { oidcId: 'o' });
    const found = namedInstances(row('a.org', { oidcId: 'o' }), fleetOf([own, other]));
    expect(found).to.deep.equal({ own, named: [own] });
  });

  it('are those of its aliases, too', () => {
    const { named } = namedInstances(row('a.org', { aliases: ['b.org'] }), fleetOf([other]));
    expect(named).to.deep.equal([other]);
  });

  it('are held where two have one domain, however it is written', () => {
    const twins = [known('a.org'), known('A.org')];
    const { held, own, named } = namedInstances(row('a.org'), fleetOf(twins));
    expect(held).to.include({ code: 'shared_name' });
    expect(own).to.equal(undefined);
    expect(named).to.deep.equal(twins);
  });
});
