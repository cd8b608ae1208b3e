import { expect } from 'chai';
import type { InstanceDocument } from '../../../../src/instances/documents/instance-document.ts';
import { listCheck } from '../../../../src/operations/instances/lists/list-row.ts';
import { listedCells } from '../../../../src/operations/instances/lists/listed-cells.ts';

describe('an instance as a row of a list', () => {
  const check = listCheck({ subdomains: 'nested', clusters: 1 }, {});
  const instance = (fields: Partial<InstanceDocument> = {}): InstanceDocument => ({
    _id: '1',
    domain: 'a.org',
    locale: 'en',
    password_defined: false,
    ...fields,
  });
  const cells = (
    fields: Partial<InstanceDocument>,
    settings: Record<string, unknown> = {},
    apps: string[] = [],
  ) => listedCells(instance(fields), settings, apps, check);

  it('says what it has', () => {
    const settings = { _id: 'x', email: 'a@a.org', tz: 'UTC', offer: 'gold', none: '' };
    const listed = cells({ org_id: 'o', blocked: true, blocking_reason: 'X' }, settings, ['notes', 'drive']);
    expect(listed?.unsaid).to.deep.equal([]);
    expect(listed?.cells).to.include({
      ...{ domain: 'a.org', 'org-id': 'o', email: 'a@a.org', tz: 'UTC', settings: 'offer:gold' },
      ...{ apps: 'drive,notes', blocked: 'true', 'blocking-reason': 'X', 'disk-quota': 'unlimited' },
      ...{ 'auth-mode': 'basic', magic_link: 'false', 'auto-update': 'true' },
    });
  });

  it('does not say why it was blocked once', () => {
    expect(cells({ blocking_reason: 'X' })?.cells)
      .to.include({ blocked: 'false' })
      .and.not.have.key('blocking-reason');
  });

  for (const [what, fields, settings, column] of [
    ['terms that are no version', { tos: 'yes' }, {}, 'tos'],
    ['an address that is none', {}, { email: 'nobody' }, 'email'],
    ['a name with a line break', {}, { public_name: 'A\nB' }, 'public-name'],
    ['a name with a blank before it', {}, { public_name: ' A' }, 'public-name'],
    ['an alias that no new one may be', { domain_aliases: ['a b.org'] }, {}, 'domain-aliases'],
    ['a sponsorship with a comma', { sponsorships: ['a,b'] }, {}, 'sponsorships'],
    ['a locale that is none', { locale: '1' }, {}, 'locale'],
    ['an organization whose domain is written otherwise', { org_domain: 'A.org' }, {}, 'org-domain'],
  ] as const) {
    it(`leaves empty what it cannot say: ${what}`, () => {
      const listed = cells(JSON.parse(JSON.stringify(fields)), settings);
      expect(listed?.unsaid).to.deep.equal([column]);
      expect(listed?.cells).not.to.have.property(column);
      expect(listed?.cells).to.have.property('domain', 'a.org');
    });
  }

  it('leaves out settings that a Settings string would say otherwise', () => {
    const listed = cells({}, { a: 'x,y', context: 'c', 'b:c': 'd', good: 'yes' });
    expect(listed?.cells.settings).to.equal('good:yes');
    expect(listed?.unsaid).to.deep.equal(['settings']);
  });

  it('names the settings where one is no text', () => {
    expect(cells({}, { n: 1, good: 'yes' })).to.deep.include({ unsaid: ['settings'] });
  });

  it('is none where not even its domain can be said', () => {
    expect(cells({ domain: 'a b.org' })).to.equal(undefined);
  });
});
