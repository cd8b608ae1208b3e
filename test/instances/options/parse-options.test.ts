import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import type { InstanceOptions } from '../../../src/instances/options/options.ts';
import {
  InvalidOptions,
  type ParsingRules,
  parseInstanceOptions,
} from '../../../src/instances/options/parse-options.ts';
import type { OptionProblem } from '../../../src/instances/options/row-reader.ts';

const RULES: ParsingRules = { subdomains: 'nested', clusters: 2 };
const DOMAIN = 'alice.example.com';

function optionsOf(raw: RawOptions, rules = RULES): InstanceOptions {
  return parseInstanceOptions({ domain: DOMAIN, ...raw }, rules).options;
}

function problemsOf(raw: RawOptions, rules = RULES): readonly OptionProblem[] {
  try {
    parseInstanceOptions({ domain: DOMAIN, ...raw }, rules);
    return [];
  } catch (thrown) {
    if (thrown instanceof InvalidOptions) return thrown.problems;
    throw thrown;
  }
}

function columnsOf(raw: RawOptions, rules = RULES): string[] {
  return problemsOf(raw, rules).map((problem) => problem.column);
}

describe('parseInstanceOptions', () => {
  it('needs no more than a domain', () => {
    expect(parseInstanceOptions({ domain: 'Alice.Example.com' }, RULES)).to.deep.equal({
      options: { domain: DOMAIN, aliases: [], locale: 'en', settings: {}, apps: [], hasPassphrase: false },
      passphrase: undefined,
    });
  });

  it('reads every flag', () => {
    const { options, passphrase } = parseInstanceOptions(
      {
        domain: DOMAIN,
        'domain-aliases': 'a.example.com',
        'old-domain': 'Old.example.com',
        'org-domain': 'acme.example',
        'org-id': 'acme',
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
        'feature-flags': '{"on":true}',
        email: 'alice@example.com',
        'public-name': 'Alice',
        phone: '+33 1',
        settings: 'offer:freemium',
        'couch-cluster': '1',
        'disk-quota': '5GB',
        apps: 'drive,settings',
        passphrase: ' secret ',
        'auth-mode': 'two_factor_mail',
        'auto-update': 'false',
        blocked: 'true',
        'blocking-reason': 'PAYMENT_FAILED',
        'onboarding-finished': 'true',
        trace: 'true',
      },
      RULES,
    );
    expect(passphrase).to.equal(' secret ');
    expect(options).to.deep.equal({
      domain: DOMAIN,
      aliases: ['a.example.com'],
      locale: 'fr',
      oldDomain: 'old.example.com',
      orgDomain: 'acme.example',
      orgId: 'acme',
      uuid: 'u1',
      oidcId: 'o1',
      franceconnectId: 'f1',
      context: 'beta',
      sponsorships: ['one', 'two'],
      featureSets: ['b', 'a'],
      featureFlags: { on: true },
      tos: '1.0.0-20180716',
      tosLatest: '2.0.0-20260101',
      authMode: 'two_factor_mail',
      autoUpdate: false,
      magicLink: true,
      blocked: true,
      blockingReason: 'PAYMENT_FAILED',
      onboardingFinished: true,
      couchCluster: 1,
      diskQuota: 5_000_000_000,
      settings: {
        offer: 'freemium',
        tz: 'Europe/Paris',
        email: 'alice@example.com',
        public_name: 'Alice',
        phone: '+33 1',
      },
      apps: ['drive', 'settings'],
      hasPassphrase: true,
    });
  });

  it('takes an owner who is not to be let in without a welcome as it does any other', () => {
    const welcomed = { domain: DOMAIN, 'onboarding-finished': 'false' };
    expect(parseInstanceOptions(welcomed, RULES)).to.deep.equal(
      parseInstanceOptions({ domain: DOMAIN }, RULES),
    );
    expect(columnsOf({ 'onboarding-finished': 'false', passphrase: 'x' })).to.deep.equal([
      'onboarding-finished',
    ]);
    expect(columnsOf({ 'onboarding-finished': 'soon' })).to.deep.equal(['onboarding-finished']);
  });

  it('takes empty texts for absent', () => {
    const empty = {
      uuid: '',
      passphrase: '',
      'couch-cluster': '',
      blocked: '',
      locale: '',
      'swift-layout': '',
    };
    expect(parseInstanceOptions({ domain: DOMAIN, ...empty }, RULES)).to.deep.equal(
      parseInstanceOptions({ domain: DOMAIN }, RULES),
    );
  });

  it('reports all problems, not just the first', () => {
    expect(
      columnsOf({ domain: 'a b', tos: 'x', 'disk-quota': '5GO', blocked: 'maybe', 'auth-mode': 'none' }),
    ).to.have.members(['domain', 'tos', 'disk-quota', 'blocked', 'auth-mode']);
  });

  it('throws bad input that names the first column', () => {
    const thrown = new InvalidOptions([
      { column: 'tos', message: 'one' },
      { column: 'uuid', message: 'two' },
    ]);
    expect(thrown).to.be.instanceOf(InputError);
    expect(thrown).to.include({ code: 'invalid_options', message: 'tos: one; uuid: two' });
    expect(thrown.place).to.deep.equal({ column: 'tos' });
  });

  it('never shows the passphrase', () => {
    const problems = problemsOf({ passphrase: 'hush\thush', uuid: 'a\nb' });
    expect(problems.map(({ column }) => column)).to.have.members(['passphrase', 'uuid']);
    expect(JSON.stringify(problems)).not.to.contain('hush');
  });

  describe('domain', () => {
    it('is needed', () => {
      expect(problemsOf({ domain: '' })).to.deep.equal([{ column: 'domain', message: 'a domain is needed' }]);
    });

    it('obeys the rule of flat subdomains', () => {
      const raw = { domain: 'jean-paul.example.com', 'domain-aliases': 'j-p.example.com' };
      expect(columnsOf(raw, { ...RULES, subdomains: 'flat' })).to.deep.equal(['domain', 'domain-aliases']);
      expect(columnsOf(raw)).to.deep.equal([]);
    });

    it('is reported once when it has a control character', () => {
      expect(columnsOf({ domain: 'a\u0001b.example.com' })).to.deep.equal(['domain']);
    });
  });

  describe('values', () => {
    it('are trimmed of blanks of any kind, but for the passphrase', () => {
      const raw = {
        email: '\u00a0alice@example.com ',
        'context-name': ' beta\u2003',
        oidc_id: '\u00a0u-1',
        uuid: '\tu1\r\n',
        'public-name': ' Alice ',
        locale: 'fr ',
        'org-id': ' acme',
        'disk-quota': '5GB\u00a0',
        blocked: ' true',
        sponsorships: 'one\u00a0, two',
        apps: 'drive,\u00a0notes ',
        settings: ' offer : premium ,context:gamma ',
        passphrase: '\u00a0secret ',
      };
      const { options, passphrase } = parseInstanceOptions({ domain: `\u00a0${DOMAIN}`, ...raw }, RULES);
      expect(passphrase).to.equal('\u00a0secret ');
      expect(options).to.deep.equal({
        domain: DOMAIN,
        aliases: [],
        locale: 'fr',
        context: 'gamma',
        oidcId: 'u-1',
        uuid: 'u1',
        orgId: 'acme',
        diskQuota: 5_000_000_000,
        blocked: true,
        sponsorships: ['one', 'two'],
        settings: { email: 'alice@example.com', public_name: 'Alice', offer: 'premium' },
        apps: ['drive', 'notes'],
        hasPassphrase: true,
      });
    });

    it('are none when they are nothing but blanks', () => {
      expect(optionsOf({ uuid: '\u00a0', email: ' ' })).to.deep.equal(optionsOf({}));
    });

    for (const column of [
      'domain-aliases',
      'old-domain',
      'org-domain',
      'org-id',
      'uuid',
      'oidc_id',
      'franceconnect_id',
      'context-name',
      'email',
      'phone',
      'sponsorships',
      'apps',
      'settings',
      'tz',
    ]) {
      it(`cannot hold what nobody sees: ${column}`, () => {
        const value =
          column === 'settings'
            ? 'a\u200b:b'
            : 'a\u200b1@b.example.org'.replace(/@/, column === 'email' ? '@' : '');
        const [problem] = problemsOf({ email: 'a@b.org', 'public-name': 'A', [column]: value });
        expect(problem).to.deep.equal({
          column,
          message: 'it contains the invisible character U+200B ZERO WIDTH SPACE',
        });
      });
    }

    it('may hold in a name what some scripts need', () => {
      expect(optionsOf({ 'public-name': 'نی\u200cلو' }).settings).to.deep.equal({
        public_name: 'نی\u200cلو',
      });
    });

    it('of a Settings string are looked at each by what it is', () => {
      for (const settings of [
        'email:nobody',
        'uuid:NULL',
        'context:be\u200bta',
        'phone:a@b',
        'offer:#REF!',
      ]) {
        expect(columnsOf({ settings }), settings).to.deep.equal(['settings']);
      }
    });
  });

  describe('mail addresses', () => {
    for (const email of ['a@b', 'zoé@exämple.org', "o'neil+x@example.org", '"a']) {
      const isGood = email !== '"a';
      it(`are ${isGood ? 'taken' : 'refused'} as in ${email}`, () => {
        expect(columnsOf({ email })).to.deep.equal(isGood ? [] : ['email']);
      });
    }

    for (const email of [
      'alice',
      'mailto:a@example.org',
      'Alice <a@example.org>',
      '<a@example.org>',
      'a@b.org, c@d.org',
      'a@b.org;c@d.org',
      'a@b@c.org',
      'a @b.org',
      '@b.org',
      'a@',
      'a@b..org',
      'a@b.org.',
      'a@#REF!',
      'a@b.org/',
    ]) {
      it(`are single ones: ${email} is refused`, () => {
        expect(columnsOf({ email })).to.deep.equal(['email']);
      });
    }
  });

  describe('quotas', () => {
    for (const quota of [
      '5,5 GB',
      '5,00GB',
      '1,0000',
      ',5GB',
      '5.000.000',
      '5 000 MB',
      '5,0E+09',
      '-5GB',
      '5 Go',
    ]) {
      it(`are refused where a comma or point may mean something else: ${quota}`, () => {
        expect(columnsOf({ 'disk-quota': quota })).to.deep.equal(['disk-quota']);
      });
    }

    it('may have commas between thousands', () => {
      expect(optionsOf({ 'disk-quota': '1,500,000 kB' }).diskQuota).to.equal(1_500_000_000);
    });
  });

  describe('telephone numbers', () => {
    for (const phone of ['+33 6 12 34 56 78', '(0)30/123-45', '1', '06.12.34.56.78 ext. 2']) {
      it(`are taken as they are written: ${phone}`, () => {
        expect(optionsOf({ phone }).settings).to.deep.equal({ phone });
      });
    }

    for (const phone of [
      "'+33612345678",
      '3,36123E+10',
      '33612345678.0',
      'tel:+33612345678',
      'a1@example.org',
      '2026-11-26',
      'none given',
    ]) {
      it(`are refused where they are something else: ${phone}`, () => {
        expect(columnsOf({ phone })).to.deep.equal(['phone']);
      });
    }
  });

  describe('an organization', () => {
    const member = { email: 'a@example.org', 'public-name': 'Alice' };

    it('has members with an address and a name', () => {
      for (const organization of [{ 'org-id': 'acme' }, { 'org-domain': 'acme.example' }]) {
        expect(columnsOf({ ...member, ...organization })).to.deep.equal([]);
        expect(columnsOf(organization)).to.deep.equal(['email', 'public-name']);
        expect(columnsOf({ ...organization, ...member, email: '\u00a0' })).to.deep.equal(['email']);
        expect(columnsOf({ ...organization, ...member, 'public-name': '' })).to.deep.equal(['public-name']);
      }
    });

    it('may get them from the Settings string', () => {
      expect(columnsOf({ 'org-id': 'acme', settings: 'email:a@b.org,public_name:A' })).to.deep.equal([]);
    });

    it('has its domain as the stack looks it up', () => {
      expect(optionsOf({ ...member, 'org-domain': ' ACME.Example.' }).orgDomain).to.equal('acme.example');
    });
  });

  describe('aliases', () => {
    it('are normalised, without blanks and duplicates, in order', () => {
      expect(
        optionsOf({ 'domain-aliases': ' b.example.com,, A.example.com,B.example.com,' }).aliases,
      ).to.deep.equal(['b.example.com', 'a.example.com']);
    });

    it('are each checked', () => {
      expect(columnsOf({ 'domain-aliases': 'a b,c.example.com,d/e' })).to.deep.equal([
        'domain-aliases',
        'domain-aliases',
      ]);
    });

    it('cannot be the domain itself', () => {
      const [problem] = problemsOf({ 'domain-aliases': 'ALICE.example.com' });
      expect(problem?.column).to.equal('domain-aliases');
      expect(problem?.message).to.match(/^Instance already exists: .*the domain itself$/);
    });
  });

  describe('Settings string', () => {
    it('yields to explicit fields of the settings document', () => {
      const raw = {
        settings: 'tz:UTC,email:a@b,public_name:A,phone:1,x:y',
        tz: 'Europe/Paris',
        email: 'c@d',
      };
      expect(optionsOf(raw).settings).to.deep.equal({
        tz: 'Europe/Paris',
        email: 'c@d',
        public_name: 'A',
        phone: '1',
        x: 'y',
      });
    });

    it('wins over explicit options of the instance', () => {
      const raw = {
        settings: 'context:beta,uuid:u2,oidc_id:o2,tos:20200101,auth_mode:two_factor_oidc,auto_update:0',
        'context-name': 'alpha',
        uuid: 'u1',
        oidc_id: 'o1',
        tos: '1.0.0',
        'auth-mode': 'basic',
        'auto-update': 'true',
      };
      expect(optionsOf(raw)).to.include({
        context: 'beta',
        uuid: 'u2',
        oidcId: 'o2',
        tos: '1.0.0-20200101',
        authMode: 'two_factor_oidc',
        autoUpdate: false,
      });
    });

    it('sets the locale only where none is given', () => {
      expect(optionsOf({ settings: 'locale:fr' }).locale).to.equal('fr');
      expect(optionsOf({ settings: 'locale:fr', locale: 'de' })).to.deep.include({
        locale: 'de',
        settings: {},
      });
    });

    it('does not blank an option with an empty value', () => {
      expect(optionsOf({ settings: 'context:,locale:', 'context-name': 'alpha' })).to.include({
        context: 'alpha',
        locale: 'en',
      });
    });

    it('is the column of problems with what it moves', () => {
      expect(columnsOf({ settings: 'tos:x,auth_mode:y,locale:?' })).to.deep.equal([
        'settings',
        'settings',
        'settings',
      ]);
    });

    it('has no keys that CouchDB would refuse', () => {
      expect(columnsOf({ settings: '_id:x' })).to.deep.equal(['settings']);
      expect(columnsOf({ settings: '__proto__:x' })).to.deep.equal(['settings']);
    });
  });

  describe('locale', () => {
    it('can be any text of letters, digits, hyphens and underscores', () => {
      expect(optionsOf({ locale: 'nl_NL' }).locale).to.equal('nl_NL');
    });

    it('is refused when it is something else or too long', () => {
      expect(columnsOf({ locale: 'fr FR' })).to.deep.equal(['locale']);
      expect(columnsOf({ locale: 'a'.repeat(36) })).to.deep.equal(['locale']);
    });
  });

  describe('authentication mode', () => {
    it('must be known', () => {
      const [problem] = problemsOf({ 'auth-mode': 'none' });
      expect(problem?.message).to.equal(
        'Unknown authentication mode "none", use one of basic, two_factor_mail, two_factor_oidc',
      );
    });
  });

  describe('couch cluster', () => {
    it('is any for -1', () => {
      expect(optionsOf({ 'couch-cluster': '-1' })).not.to.have.property('couchCluster');
    });

    it('can be the first', () => {
      expect(optionsOf({ 'couch-cluster': '0' }).couchCluster).to.equal(0);
    });

    it('must be configured', () => {
      expect(columnsOf({ 'couch-cluster': '2' })).to.deep.equal(['couch-cluster']);
    });

    it('must be a whole number of -1 or more', () => {
      for (const text of ['-2', '1.5', 'one', '0x1', '1 2']) {
        expect(columnsOf({ 'couch-cluster': text }), text).to.deep.equal(['couch-cluster']);
      }
    });
  });

  describe('disk quota', () => {
    it('is absent for unlimited', () => {
      for (const text of ['0', '0GB', 'unlimited']) {
        expect(optionsOf({ 'disk-quota': text }), text).not.to.have.property('diskQuota');
      }
    });

    it('is refused in the words of the stack', () => {
      expect(problemsOf({ 'disk-quota': '5GO' })).to.deep.equal([
        { column: 'disk-quota', message: 'unhandled size name: go' },
      ]);
    });
  });

  describe('lists', () => {
    it('are absent when they have only blanks', () => {
      expect(optionsOf({ sponsorships: ' , ', 'feature-sets': ',' })).not.to.have.any.keys(
        'sponsorships',
        'featureSets',
      );
    });
  });

  describe('apps', () => {
    it('are slugs or sources, in order, without duplicates', () => {
      const apps = 'drive, settings,drive,registry://notes/dev,git://x/y.git,file:///a,https://x/a.tgz';
      expect(optionsOf({ apps }).apps).to.deep.equal([
        'drive',
        'settings',
        'registry://notes/dev',
        'git://x/y.git',
        'file:///a',
        'https://x/a.tgz',
      ]);
    });

    it('are refused when they are neither', () => {
      expect(columnsOf({ apps: 'Drive,drive,ftp://x' })).to.deep.equal(['apps', 'apps']);
    });
  });

  describe('blocking', () => {
    it('follows from a reason alone', () => {
      expect(optionsOf({ 'blocking-reason': 'MOVING' })).to.include({
        blocked: true,
        blockingReason: 'MOVING',
      });
    });

    it('needs no reason', () => {
      const options = optionsOf({ blocked: '1' });
      expect(options.blocked).to.equal(true);
      expect(options).not.to.have.property('blockingReason');
    });

    it('is off when blocked is false, whatever the reason', () => {
      const options = optionsOf({ blocked: 'false', 'blocking-reason': 'MOVING' });
      expect(options.blocked).to.equal(false);
      expect(options).not.to.have.property('blockingReason');
    });

    it('cannot look like a reservation', () => {
      expect(columnsOf({ 'blocking-reason': 'PROVISIONING:0123456789abcdef' })).to.deep.equal([
        'blocking-reason',
      ]);
    });
  });

  describe('Swift layout', () => {
    it('is refused', () => {
      const [problem] = problemsOf({ 'swift-layout': '2' });
      expect(problem).to.include({ column: 'swift-layout' });
      expect(problem?.message).to.contain('file storage only');
    });
  });
});
