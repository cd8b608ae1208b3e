import { expect } from 'chai';
import { InputError } from '../../../src/errors.ts';
import { asciiHost, normaliseDomain } from '../../../src/instances/domains/domain.ts';
import { inputErrorOf } from '../../config/input-error.ts';
import { cpuClock } from '../../support/cpu-time.ts';

function codeOf(raw: string, subdomains: 'nested' | 'flat' = 'nested'): string | undefined {
  try {
    normaliseDomain(raw, subdomains);
    return undefined;
  } catch (thrown) {
    return thrown instanceof InputError ? thrown.code : 'another error';
  }
}

describe('normaliseDomain', () => {
  it('keeps the port', () => {
    expect(normaliseDomain('alice.cozy.localhost:8080', 'nested')).to.equal('alice.cozy.localhost:8080');
  });

  it('trims white space of any kind', () => {
    expect(normaliseDomain('\u0085\u00a0 alice.example.com\t\n', 'nested')).to.equal('alice.example.com');
  });

  it('lower-cases', () => {
    expect(normaliseDomain('Alice.Example.COM', 'nested')).to.equal('alice.example.com');
    expect(normaliseDomain('ÉLÉONORE.example.org', 'nested')).to.equal('éléonore.example.org');
  });

  it('lower-cases each code point by itself', () => {
    expect(normaliseDomain('ΟΔΟΣ.example.org', 'nested')).to.equal('οδοσ.example.org');
    expect(normaliseDomain('İzmir.example.org', 'nested')).to.equal('izmir.example.org');
  });

  it('decodes Punycode labels', () => {
    expect(normaliseDomain('xn--lonore-9uab.example.org', 'nested')).to.equal('éléonore.example.org');
    expect(normaliseDomain('app.xn--lonore-9uab.example.org:8080', 'nested')).to.equal(
      'app.éléonore.example.org:8080',
    );
  });

  it('decodes only labels with a lower-case xn-- at their beginning', () => {
    expect(normaliseDomain('XN--lonore-9uab.example.org', 'nested')).to.equal('xn--lonore-9uab.example.org');
    expect(normaliseDomain('axn--lonore-9uab.example.org', 'nested')).to.equal(
      'axn--lonore-9uab.example.org',
    );
  });

  it('maps nothing else', () => {
    expect(normaliseDomain('straße。example.org', 'nested')).to.equal('straße。example.org');
    expect(normaliseDomain('e\u0301.example.org', 'nested')).to.equal('e\u0301.example.org');
  });

  it('refuses invalid Punycode', () => {
    for (const raw of ['xn--é.example.org', 'xn--a-é.example.org', 'xn--99999999.example.org']) {
      expect(codeOf(raw), raw).to.equal('illegal_domain');
    }
  });

  it('refuses what Punycode hides', () => {
    expect(codeOf('xn--a/b-.example.org')).to.equal('illegal_domain');
    expect(codeOf('xn--.example.org')).to.equal('illegal_domain');
  });

  it('refuses empty names, names of directories and a dot at the beginning', () => {
    for (const raw of ['', '  ', '.', '..', ' .. ', '.example.com']) {
      expect(codeOf(raw), JSON.stringify(raw)).to.equal('illegal_domain');
    }
  });

  it('refuses each illegal character', () => {
    for (const character of ' /,;&?#@|=\'"\t\r\n\0') {
      expect(codeOf(`a${character}b.example.com`), JSON.stringify(character)).to.equal('illegal_domain');
    }
  });

  it('accepts characters that the stack does not check', () => {
    expect(normaliseDomain('a_b%c+d*e..f.example.com.', 'nested')).to.equal('a_b%c+d*e..f.example.com.');
  });

  it('refuses what is not valid Unicode', () => {
    expect(codeOf('a\ud800b.example.com')).to.equal('illegal_domain');
  });

  it('refuses names longer than a directory name may be', () => {
    expect(codeOf('a'.repeat(255))).to.equal(undefined);
    expect(codeOf('a'.repeat(256))).to.equal('illegal_domain');
    expect(codeOf('é'.repeat(128))).to.equal('illegal_domain');
  });

  it('refuses a hyphen in the first label of flat subdomains only', () => {
    expect(codeOf('jean-paul.example.com', 'flat')).to.equal('illegal_domain');
    expect(codeOf('jean-paul.example.com', 'nested')).to.equal(undefined);
    expect(codeOf('alice.my-example.com', 'flat')).to.equal(undefined);
  });

  it('says what is wrong', () => {
    expect(() => normaliseDomain('a b', 'nested')).to.throw(
      InputError,
      '"a b" cannot be used as a domain: it contains the illegal character " "',
    );
  });
});

describe('normaliseDomain with a text far longer than any domain', () => {
  for (const piece of [' ', 'a', 'xn--a', '.', '/', '\u00e9']) {
    it(`refuses ${JSON.stringify(piece)} without end soon, and does not repeat it`, () => {
      const elapsed = cpuClock();
      const error = inputErrorOf(() => normaliseDomain(`a${piece.repeat(200_000)}b`, 'nested'));
      expect(elapsed()).to.be.below(300);
      expect(error).to.be.instanceOf(InputError).and.to.have.property('message').with.length.below(300);
    });
  }

  it('refuses a label of Punycode that would take a time of the square of its length', () => {
    const elapsed = cpuClock();
    const error = inputErrorOf(() => normaliseDomain(`xn--${'a'.repeat(400_000)}`, 'nested'));
    expect(error).to.be.instanceOf(InputError);
    expect(elapsed()).to.be.below(300);
  });
});

describe('asciiHost', () => {
  it('percent-encodes what is not ASCII', () => {
    expect(asciiHost('éléonore.example.org')).to.equal('%C3%A9l%C3%A9onore.example.org');
    expect(asciiHost('😀.example.org')).to.equal('%F0%9F%98%80.example.org');
  });

  it('keeps the port', () => {
    expect(asciiHost('alice.cozy.localhost:8080')).to.equal('alice.cozy.localhost:8080');
  });

  it('encodes ASCII as Go does', () => {
    expect(asciiHost('a%b^c{d}e\\f`g')).to.equal('a%25b%5Ec%7Bd%7De%5Cf%60g');
    expect(asciiHost('a_b~c!$()*+<>[]')).to.equal('a_b~c!$()*+<>[]');
  });
});
