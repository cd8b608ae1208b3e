import { expect } from 'chai';
import { parseChanges } from '../../../src/instances/options/changes.ts';
import { changeDoubts, creationDoubts } from '../../../src/instances/options/doubts.ts';
import type { RawOptions } from '../../../src/instances/options/flags.ts';
import { type ParsingRules, parseInstanceOptions } from '../../../src/instances/options/parse-options.ts';

const RULES: ParsingRules = { subdomains: 'nested', clusters: 1, contexts: ['Beta', 'staff'] };

/** `column: message` of each doubt about a row. */
function doubts(raw: RawOptions, rules = RULES): string[] {
  const row = { domain: 'a.example.org', ...raw };
  return creationDoubts(row, parseInstanceOptions(row, rules), rules).map(
    ({ column, message }) => `${column}: ${message}`,
  );
}

describe('creationDoubts', () => {
  it('has none about what is usual', () => {
    const usual = {
      domain: 'zoé.school.example.org:8080',
      'domain-aliases': 'zoe.example.org,мария.example.org',
      locale: 'pt_BR',
      uuid: '018f2b1c-7e53-7c31-a2d0-0f4c2a8d1b5e',
      oidc_id: 'auth0|5f1d',
      'context-name': 'beta',
      email: "zoë.o'neil@exämple.org",
      'public-name': "Zoé O'Neil-Łukasz, née Đặng",
      phone: '+33 6 12 34 56 78',
      'disk-quota': '1.5GB',
      'org-id': 'acme',
      'org-domain': 'acme.example',
      passphrase: 'two words',
    };
    expect(doubts(usual)).to.deep.equal([]);
  });

  it('has none about an owner without a welcome who comes in by another way', () => {
    for (const way of [{ passphrase: 'two words' }, { oidc_id: 'o-1' }, { magic_link: 'true' }]) {
      expect(doubts({ 'onboarding-finished': 'true', ...way })).to.deep.equal([]);
    }
  });

  it('has one about a quota into which the first files of that locale do not fit', () => {
    const rules = { ...RULES, skeletonBytes: (locale: string) => (locale === 'fr' ? 2_000_000 : 1_000_000) };
    const quota = { 'disk-quota': '1500kB' };
    expect(doubts({ ...quota, locale: 'en' }, rules)).to.deep.equal([]);
    expect(doubts({ locale: 'fr' }, rules)).to.deep.equal([]);
    expect(doubts({ ...quota, locale: 'fr' }, rules)).to.deep.equal([
      'disk-quota: the first files of the instance take 2000000 bytes, which do not fit into it',
    ]);
  });

  const odd: readonly (readonly [RawOptions, string])[] = [
    [{ domain: `${'éà'.repeat(40)}.example.org` }, 'domain: a part of it is longer than the 63 octets'],
    [{ domain: `${'a'.repeat(64)}.example.org` }, 'domain: a part of it is longer than the 63 octets'],
    [{ domain: `${'a.'.repeat(122)}example.org` }, 'domain: it is longer than the 253 octets'],
    [{ 'domain-aliases': `${'a'.repeat(64)}.example.org` }, 'domain-aliases: a part of it'],
    [
      { domain: 'аlice.example.org' },
      'domain: letters of several alphabets are mixed in it: Latin, Cyrillic',
    ],
    [{ domain: 'сосо.example.org' }, 'domain: its letters look like "coco"'],
    [{ domain: '-a.example.org' }, 'domain: a part of it begins or ends with a hyphen'],
    [{ domain: '127.0.0.1' }, 'domain: it is an address of a machine'],
    [{ domain: 'www.example.org' }, 'domain: it begins with www.'],
    [{ domain: 'b.example.orgdomain' }, 'domain: it ends in "domain"'],
    [{ 'context-name': 'gamma' }, 'context-name: the configuration has no such context'],
    [{ 'context-name': 'Beta' }, 'context-name: the configuration has no such context'],
    [{ settings: 'context:gamma' }, 'context-name: the configuration has no such context'],
    [{ 'onboarding-finished': 'true' }, 'onboarding-finished: the registration link will not work'],
    [{ locale: 'French' }, 'locale: it does not look like a language'],
    [{ email: 'root@localhost' }, 'email: there is no dot after its @'],
    [{ email: 'аlice@example.org' }, 'email: letters of several alphabets'],
    [
      { 'public-name': 'نی\u200cلو' },
      'public-name: it contains the invisible character U+200C ZERO WIDTH NON-JOINER',
    ],
    [
      { 'public-name': 'Zo\u200fe' },
      'public-name: it contains the invisible character U+200F RIGHT-TO-LEFT MARK',
    ],
    [{ 'public-name': 'Zo? Martin' }, 'public-name: there is a question mark in it'],
    [{ 'public-name': 'Null' }, 'public-name: it may stand for no value'],
    [{ 'public-name': '«RENÉ»' }, 'public-name: "É»" in it may come from a wrong encoding'],
    [{ 'public-name': 'zoe@example.org' }, 'public-name: there is an @ in it'],
    [{ 'public-name': '12345' }, 'public-name: it is a number'],
    [{ 'public-name': '12-Mar' }, 'public-name: it is a date'],
    [{ 'public-name': "'Zoé" }, 'public-name: it begins with an apostrophe'],
    [{ 'public-name': '“Zoé”' }, 'public-name: there are quotation marks around it'],
    [{ 'public-name': '+Zoé' }, 'public-name: it begins as a formula does'],
    [{ 'public-name': 'VRAI' }, 'public-name: it is an answer'],
    [{ uuid: '1.234.567' }, 'uuid: its digits are separated as thousands'],
    [{ settings: 'offer,a:b' }, 'settings: a part of it has no colon'],
    [{ phone: '612345678' }, 'phone: a spreadsheet may have taken the 0'],
    [{ phone: '601\u00a0123\u00a0456' }, 'phone: no-break spaces separate its digits in threes'],
    [{ phone: '+33 1 23 ext. four' }, 'phone: there are letters in it'],
    [{ oidc_id: '12345678901234500000' }, 'oidc_id: spreadsheets keep 15 digits'],
    [{ uuid: '2026-11-26' }, 'uuid: it is a date'],
    [{ uuid: '1e21' }, 'uuid: it may be a number in scientific notation'],
    [{ uuid: 'u 1' }, 'uuid: there is a blank in it'],
    [{ uuid: '-' }, 'uuid: it may stand for no value'],
    [{ 'disk-quota': '5' }, 'disk-quota: it means 5 bytes'],
    [{ 'disk-quota': '5.000 MB' }, 'disk-quota: the point is taken for one before a fraction'],
    [{ passphrase: ' secret' }, 'passphrase: a blank at its beginning or end is part of it'],
    [{ passphrase: 'sec\u200bret' }, 'passphrase: it contains the invisible character U+200B'],
  ];
  for (const [raw, begin] of odd) {
    it(`tells of ${JSON.stringify(raw)}`, () => {
      const [first = ''] = doubts(raw);
      expect(first.slice(0, begin.length)).to.equal(begin);
      expect(first).to.not.contain('secret');
    });
  }

  it('does not know contexts that nobody told of', () => {
    const { contexts: _unknown, ...rules } = RULES;
    expect(doubts({ 'context-name': 'gamma' }, rules)).to.deep.equal([]);
    expect(doubts({ 'context-name': 'default' })).to.deep.equal([]);
  });
});

describe('changeDoubts', () => {
  it('are about what is to change, not about the instance that exists', () => {
    const raw = { domain: 'аlice.example.org', 'domain-aliases': 'аl.example.org', 'context-name': 'gamma' };
    const told = changeDoubts(raw, parseChanges(raw, RULES), RULES).map(({ column }) => column);
    expect(told).to.deep.equal(['domain-aliases', 'context-name']);
  });
});
