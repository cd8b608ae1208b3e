import { expect } from 'chai';
import punycode from 'punycode/punycode.js';
import { isDisguised } from '../../../src/web/public/disguised-host.ts';

const ascii = (name: string) => `xn--${punycode.encode(name)}`;

describe('a host', () => {
  const disguised: Readonly<Record<string, string>> = {
    'with a soft hyphen': ascii('al\u00adice'),
    'with a joiner that nobody sees': ascii('al\u034fice'),
    'with a mark of the byte order': ascii('d\u00e8\ufeffl'),
    'with a letter and its accent one after the other': ascii('de\u0300l'),
    'whose Punycode is none': 'xn--dl-0',
    'with capitals in its Punycode': ascii('D\u00c8L'),
  };
  for (const [what, label] of Object.entries(disguised)) {
    it(`${what} is disguised, whatever stands around it`, () => {
      for (const host of [`${label}.example.com`, `home.${label}.example.com:8080`, `a.${label}`]) {
        expect(isDisguised(host), host).to.equal(true);
      }
    });
  }

  it('that browsers ask for is not', () => {
    for (const host of [
      'alice.example.com',
      'alice.example.com:8080',
      `${ascii('d\u00e8l')}.example.com:8080`,
      `${ascii('b\u00fccher')}.example`,
      `${ascii('stra\u00dfe')}.example`,
      `${ascii('\u4f8b\u3048')}.${ascii('\u30c6\u30b9\u30c8')}`,
      `${ascii('\u{1f600}')}.example`,
      'XN--DL-7IA.EXAMPLE.COM',
      'a_b.example.com',
      '[::1]:8080',
      '',
    ]) {
      expect(isDisguised(host), host).to.equal(false);
    }
  });
});
