import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import {
  type InstanceChanges,
  instanceChanges,
  parseChanges,
} from '../../../src/instances/options/changes.ts';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import { InvalidOptions, type ParsingRules } from '../../../src/instances/options/parse-options.ts';

const RULES: ParsingRules = { subdomains: 'nested', clusters: 1 };
const DOMAIN = 'alice.example.com';

function changesOf(raw: RawOptions, rules = RULES): InstanceChanges {
  return parseChanges({ domain: DOMAIN, ...raw }, rules).changes;
}

function thrownBy(raw: RawOptions, rules = RULES): InputError {
  try {
    parseChanges({ domain: DOMAIN, ...raw }, rules);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function columnsOf(raw: RawOptions, rules = RULES): string[] {
  const error = thrownBy(raw, rules);
  if (!(error instanceof InvalidOptions)) throw error;
  return error.problems.map(({ column }) => column);
}

describe('parseChanges', () => {
  it('reads every flag', () => {
    const { domain, changes } = parseChanges(
      {
        domain: 'Alice.Example.com',
        'domain-aliases': 'A.example.com, b.example.com,a.example.com',
        'old-domain': 'Old.example.com',
        locale: 'fr',
        uuid: 'u1',
        oidc_id: 'o1',
        franceconnect_id: 'f1',
        magic_link: 'true',
        tos: '20180716',
        'tos-latest': '2.0.0-20260101',
        tz: 'Europe/Paris',
        'context-name': 'beta',
        sponsorships: 'one, two',
        'feature-sets': 'b,a',
        'feature-flags': '{"on":true,"off":null}',
        email: 'alice@example.com',
        'public-name': 'Alice',
        phone: '+33 1',
        settings: 'offer:premium',
        'disk-quota': '5GB',
        'auth-mode': 'two_factor_mail',
        'auto-update': 'false',
        blocked: 'true',
        'blocking-reason': 'PAYMENT_FAILED',
        'onboarding-finished': 'true',
      },
      RULES,
    );
    expect(domain).to.equal(DOMAIN);
    expect(changes).to.deep.equal({
      aliases: ['a.example.com', 'b.example.com'],
      oldDomain: 'old.example.com',
      locale: 'fr',
      uuid: 'u1',
      oidcId: 'o1',
      franceconnectId: 'f1',
      magicLink: true,
      tos: '1.0.0-20180716',
      tosLatest: '2.0.0-20260101',
      context: 'beta',
      sponsorships: ['one', 'two'],
      featureSets: ['b', 'a'],
      featureFlags: { on: true, off: null },
      diskQuota: 5_000_000_000,
      authMode: 'two_factor_mail',
      autoUpdate: false,
      blocked: true,
      blockingReason: 'PAYMENT_FAILED',
      onboardingFinished: true,
      settings: {
        offer: 'premium',
        tz: 'Europe/Paris',
        email: 'alice@example.com',
        public_name: 'Alice',
        phone: '+33 1',
      },
    });
  });

  it('gives what a payload may carry', () => {
    const changes = changesOf({ blocked: 'false', 'disk-quota': '0', 'domain-aliases': ',', tz: 'UTC' });
    expect(instanceChanges.parse(JSON.parse(JSON.stringify(changes)))).to.deep.equal(changes);
  });

  it('refuses to change nothing', () => {
    for (const raw of [{}, { locale: '', 'domain-aliases': '' }]) {
      expect(thrownBy(raw).code).to.equal('no_changes');
    }
  });

  it('reads the domain of an organization as a stack looks it up', () => {
    const changes = changesOf({ 'org-id': ' acme ', 'org-domain': 'Acme.Example.' });
    expect(changes).to.deep.equal({ orgId: 'acme', orgDomain: 'acme.example' });
  });

  it('refuses what is no domain of an organization', () => {
    expect(columnsOf({ 'org-domain': 'https://acme.example' })).to.deep.equal(['org-domain']);
  });

  it('says all that is wrong', () => {
    const raw = { domain: 'a b', tos: 'x', 'disk-quota': '5GO', blocked: 'maybe', 'auth-mode': 'none' };
    expect(columnsOf(raw)).to.have.members(['domain', 'tos', 'disk-quota', 'blocked', 'auth-mode']);
  });

  it('knows an instance from a time of other rules, but makes no such alias', () => {
    const flat: ParsingRules = { ...RULES, subdomains: 'flat' };
    const raw = { domain: 'jean-paul.example.com', 'domain-aliases': 'j-p.example.com' };
    expect(columnsOf(raw, flat)).to.deep.equal(['domain-aliases']);
  });

  it('leaves alone what is not given', () => {
    expect(changesOf({ locale: 'fr' })).to.deep.equal({ locale: 'fr' });
  });

  it('takes lists of nothing but commas for emptied ones', () => {
    const raw = { 'domain-aliases': ',', sponsorships: ',', 'feature-sets': ',' };
    expect(changesOf(raw)).to.deep.equal({ aliases: [], sponsorships: [], featureSets: [] });
  });

  for (const none of ['0', '0GB', 'unlimited']) {
    it(`takes a quota of ${none} for no limit`, () => {
      expect(changesOf({ 'disk-quota': none })).to.deep.equal({ diskQuota: null });
    });
  }

  it('takes a reason alone for a block', () => {
    expect(changesOf({ 'blocking-reason': 'LOGIN_FAILED' })).to.deep.equal({
      blocked: true,
      blockingReason: 'LOGIN_FAILED',
    });
  });

  it('refuses a reason to unblock', () => {
    expect(columnsOf({ blocked: 'false', 'blocking-reason': 'MOVING' })).to.deep.equal(['blocking-reason']);
  });

  it('refuses the reason that marks a creation', () => {
    expect(columnsOf({ 'blocking-reason': 'PROVISIONING:0123456789abcdef' })).to.deep.equal([
      'blocking-reason',
    ]);
  });

  it('needs a date for the latest terms', () => {
    expect(columnsOf({ 'tos-latest': '2.0.0' })).to.deep.equal(['tos-latest']);
  });

  it('moves what the Settings string says of the instance, over the flags', () => {
    const raw = { settings: 'context:beta,locale:de,offer:free', locale: 'fr', 'context-name': 'alpha' };
    expect(changesOf(raw)).to.deep.equal({ context: 'beta', locale: 'de', settings: { offer: 'free' } });
  });

  it('refuses settings that are CouchDB’s', () => {
    expect(columnsOf({ settings: '_rev:1-a' })).to.deep.equal(['settings']);
    expect(instanceChanges.safeParse({ settings: { _rev: '1-a' } }).success).to.equal(false);
  });

  describe('of a deletion', () => {
    it('take it back', () => {
      expect(changesOf({ deleting: 'false' })).to.deep.equal({ deleting: false });
    });

    it('take it back alone', () => {
      const error = thrownBy({ deleting: 'false', locale: 'fr' });
      expect(error.message).to.match(/^deleting: .*goes alone/);
    });

    it('never begin one', () => {
      expect(thrownBy({ deleting: 'true' }).message).to.match(/^deleting: only a destruction/);
      expect(instanceChanges.safeParse({ deleting: true }).success).to.equal(false);
    });
  });

  it('reaches an instance whose domain has an invisible character, and gives out none', () => {
    const twin = 'co\u00adpied.example.org';
    expect(parseChanges({ domain: twin, locale: ' fr' }, RULES)).to.deep.equal({
      domain: twin,
      changes: { locale: 'fr' },
    });
    expect(() => parseChanges({ domain: 'a.example.org', 'domain-aliases': twin }, RULES)).to.throw(
      'U+00AD SOFT HYPHEN',
    );
  });

  it('trims what it reads', () => {
    const raw = { domain: 'a.example.org', email: '\u00a0a@b.org ', sponsorships: ' one ,two\u00a0' };
    expect(parseChanges(raw, RULES).changes).to.deep.equal({
      settings: { email: 'a@b.org' },
      sponsorships: ['one', 'two'],
    });
  });
});
