import { expect } from 'chai';
import {
  cozyUrl,
  registerTokenHex,
  registrationLink,
} from '../../../src/instances/domains/registration-link.ts';

const TOKEN = 'AAECAwQFBgcICQoLDA0O/w==';
const HEX = '000102030405060708090a0b0c0d0eff';

describe('registerTokenHex', () => {
  it('turns the stored base64 into hex', () => {
    expect(registerTokenHex(TOKEN)).to.equal(HEX);
  });
});

describe('registrationLink', () => {
  it('has the token in hex', () => {
    expect(registrationLink('http', 'alice.cozy.localhost:8080', TOKEN)).to.equal(
      `http://alice.cozy.localhost:8080/?registerToken=${HEX}`,
    );
  });

  it('keeps the domain in Unicode', () => {
    expect(registrationLink('https', 'zoé.example.org', TOKEN)).to.equal(
      `https://zoé.example.org/?registerToken=${HEX}`,
    );
  });
});

describe('cozyUrl', () => {
  it('has no slash at the end', () => {
    expect(cozyUrl('http', 'alice.cozy.localhost:8080')).to.equal('http://alice.cozy.localhost:8080');
  });

  it('percent-encodes the host', () => {
    expect(cozyUrl('https', 'éléonore.example.org')).to.equal('https://%C3%A9l%C3%A9onore.example.org');
  });
});
