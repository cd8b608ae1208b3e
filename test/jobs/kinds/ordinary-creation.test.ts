import { expect } from 'chai';
import fc from 'fast-check';
import type { LivePayload } from '../../../src/jobs/kinds/job-kinds.ts';
import { isOrdinaryCreation } from '../../../src/jobs/kinds/ordinary-creation.ts';
import { parsePayload } from '../../../src/jobs/kinds/payload.ts';

const MAC = 'm'.repeat(43);

/** A creation as most rows of files are, with other members where told. */
function creation(payload: object = {}, options: object = {}, settings: object = {}): LivePayload {
  const text = JSON.stringify({
    v: 1,
    mac: MAC,
    kind: 'create',
    generation: 0,
    tries: 8,
    batch: { id: 'ABC123', row: 7 },
    by: 'me@here',
    options: {
      domain: 'anna.example.org',
      aliases: [],
      locale: 'fr',
      settings: { email: 'anna@example.org', public_name: 'Zoé Martin', ...settings },
      apps: [],
      hasPassphrase: false,
      ...options,
    },
    ...payload,
  });
  return JSON.parse(text);
}

function isRead(payload: LivePayload): boolean {
  try {
    parsePayload(payload);
    return true;
  } catch {
    return false;
  }
}

describe('an ordinary creation', () => {
  it('is known, with its usual settings', () => {
    expect(isOrdinaryCreation(creation())).to.equal(true);
    expect(isOrdinaryCreation(creation({}, {}, { tz: 'Europe/Paris', phone: '+33 1 23' }))).to.equal(true);
  });

  const others = {
    'another version': creation({ v: 2 }),
    'a field that nobody knows': creation({ extra: 1 }),
    'an option that nobody knows': creation({}, { extra: 1 }),
    'a setting of its own': creation({}, {}, { _id: 'x' }),
    'a sealed passphrase': creation({ sealedPassphrase: 'x' }),
    'a signature of another length': creation({ mac: 'x' }),
    'a row of no batch': creation({ batch: { id: 'ABC', row: 0 } }),
    'tries of no number': creation({ tries: 1.5 }),
    'a generation': creation({ generation: -1 }),
    'a name that is not normalised': creation({}, { domain: 'Anna.Example.org' }),
    'a domain that is no text': creation({}, { domain: ['anna.example.org'] }),
    'a locale that is none': creation({}, { locale: '12' }),
    'an address that is none': creation({}, {}, { email: 'anna' }),
    'a name with what is invisible in an address': creation({}, {}, { email: 'an\u200bna@example.org' }),
    'a setting that is no text': creation({}, {}, { phone: 12 }),
    'aliases that are no list': creation({}, { aliases: {} }),
  };
  for (const [what, payload] of Object.entries(others)) {
    it(`has not ${what}`, () => {
      expect(isOrdinaryCreation(payload)).to.equal(false);
    });
  }

  it('is read by workers, whatever is in it', () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[a-zA-Z0-9@.:_-]{0,12}$/),
      fc.domain(),
      fc.emailAddress(),
      fc.constantFrom('fr', 'zh_CN', 'xn--a.example.org', 'null', 'NaN', '1e-5', '12-Mar', '=A1', 'É.org'),
    );
    const some = (...names: string[]) =>
      fc.oneof(fc.constant({}), fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 2 }));
    let known = 0;
    fc.assert(
      fc.property(
        some('v', 'mac', 'generation', 'tries', 'batch', 'by', 'reason', 'after', 'x'),
        some('domain', 'locale', 'aliases', 'apps', 'hasPassphrase', 'settings', 'uuid'),
        some('email', 'public_name', 'phone', 'tz', '_id', 'x'),
        (payload, options, settings) => {
          const given = creation(payload, options, settings);
          if (!isOrdinaryCreation(given)) return;
          known += 1;
          expect(isRead(given)).to.equal(true);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(known).to.be.above(100);
  });
});
