import { expect } from 'chai';
import fc from 'fast-check';
import { InputError } from '../../../src/errors.ts';
import { normaliseDomain } from '../../../src/instances/domains/domain.ts';
import { formerDomain, newDomain, organizationDomain } from '../../../src/instances/domains/new-domain.ts';

function messageOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.message;
    throw thrown;
  }
}

const refusal = (raw: string) => messageOf(() => newDomain(raw, 'nested'));

describe('newDomain', () => {
  it('looks at a plain name as closely as at any other', () => {
    // Of a name whose first label has no hyphen, flat subdomains ask no more, and they have no short way.
    const characters = fc.constantFrom('a', 'z', 'x', 'n', '-', '-', '.', '.', '0', '9', '_', 'A', 'é', ' ');
    const label = fc.oneof(
      fc.stringMatching(/^[a-z0-9]{1,5}$/),
      fc.constantFrom('xn--', 'xn--a', 'null', '1'),
    );
    const name = fc.oneof(
      fc.array(characters, { maxLength: 12 }).map((each) => each.join('')),
      fc.array(label, { maxLength: 4 }).map((labels) => labels.join('.')),
    );
    fc.assert(
      fc.property(name, (rest) => {
        const raw = `a.${rest}`;
        const answer = (subdomains: 'nested' | 'flat') => {
          try {
            return newDomain(raw, subdomains);
          } catch (thrown) {
            return thrown instanceof Error ? thrown.message : thrown;
          }
        };
        expect(answer('nested')).to.equal(answer('flat'));
      }),
      { numRuns: 2_000 },
    );
  });

  const good = {
    'Alice.Example.ORG': 'alice.example.org',
    '\u00a0alice.example.org\u2003': 'alice.example.org',
    'alice.cozy.localhost:8080': 'alice.cozy.localhost:8080',
    'cozy:8080': 'cozy:8080',
    'ÉLÉONORE.example.org': 'éléonore.example.org',
    'xn--lonore-9uab.example.org': 'éléonore.example.org',
    'XN--LONORE-9UAB.example.org': 'éléonore.example.org',
    'a_b.example.org': 'a_b.example.org',
    'straße.example.org': 'straße.example.org',
    '😀.example.org': '😀.example.org',
    '日本.example.jp': '日本.example.jp',
    '127.0.0.1': '127.0.0.1',
  };
  for (const [raw, domain] of Object.entries(good)) {
    it(`takes ${JSON.stringify(raw)} for ${domain}`, () => {
      expect(newDomain(raw, 'nested')).to.equal(domain);
    });
  }

  const bad = {
    'http://a.example.org/': 'URL',
    'https://a.example.org': 'URL',
    'anna@example.org': 'mail address',
    'mailto:anna@example.org': 'mail address',
    'a.example.org/': '/',
    'a.example.org.': 'ends in a dot',
    'a..example.org': 'two dots',
    'a\u00a0b.example.org': 'blank',
    '*.example.org': '*',
    '(null)': 'no value',
    '(12 rows)': ' ',
    '----+----': '+',
    'a%20b.example.org': '%',
    'a\\b.example.org': '\\',
    '{{name}}.example.org': 'template',
    '=A1&".example.org"': 'formula',
    Total: 'no dot',
    '45123': 'number',
    '45123.5': 'number',
    '26.11.2026': 'number',
    'a.example.org:0': 'port',
    'a.example.org:99999': 'port',
    'ZoÃ©.example.org': 'encoding',
    'zo\ufffd.example.org': 'U+FFFD REPLACEMENT CHARACTER',
    'e\u0301l.example.org': '"él.example.org"',
    'ｅl.example.org': '"el.example.org"',
    'a。example.org': '"a.example.org"',
    'co\u00adpied4.example.org': 'U+00AD SOFT HYPHEN',
    'xn--bc-zia4a.example.org\u200b': 'U+200B ZERO WIDTH SPACE',
  };
  for (const [raw, why] of Object.entries(bad)) {
    it(`refuses ${JSON.stringify(raw)}: ${why}`, () => {
      expect(refusal(raw)).to.contain(why);
    });
  }

  it('refuses what Punycode hides', () => {
    // `a`, a zero width space, `b`.
    expect(refusal('xn--ab-g1t.example.org')).to.contain('U+200B ZERO WIDTH SPACE');
  });

  it('leaves the look-up of what exists alone', () => {
    for (const name of [
      'a\u200bb.example.org',
      'copied2.example.org\ufeff',
      'a.example.org.',
      'e\u0301l.example.org',
    ]) {
      expect(normaliseDomain(name, 'nested')).to.equal(name);
    }
  });
});

describe('organizationDomain', () => {
  it('is what the stack looks up', () => {
    expect(organizationDomain(' ACME.Example. ')).to.equal('acme.example');
    expect(organizationDomain('xn--lonore-9uab.example.org')).to.equal('xn--lonore-9uab.example.org');
  });

  it('is refused where it is something else', () => {
    for (const raw of [
      'https://acme.example/',
      'a@acme.example',
      'acme',
      'ac\u200bme.example',
      'a b.example',
      'NULL',
    ]) {
      expect(
        messageOf(() => organizationDomain(raw)),
        raw,
      ).to.be.a('string');
    }
  });
});

describe('formerDomain', () => {
  it('may come from a platform with other rules, but holds nothing invisible', () => {
    expect(formerDomain(' Jean-Paul.example.org. ')).to.equal('jean-paul.example.org.');
    expect(messageOf(() => formerDomain('a\u200bb.example.org'))).to.contain('U+200B');
  });
});
