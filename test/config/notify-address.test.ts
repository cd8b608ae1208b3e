import { expect } from 'chai';
import { notifyAddress } from '../../src/config/notify-address.ts';

describe('an address to notify', () => {
  for (const text of [
    'https://hooks.example.org/x?y=1',
    'https://robot:secret@hooks.example.org/',
    'http://localhost:8080/',
    'http://127.0.0.9/',
    'http://[::1]:8080/x',
  ]) {
    it(`may be ${text}`, () => {
      expect(notifyAddress(text)).to.equal(text);
    });
  }

  for (const text of [
    'http://hooks.example.org/',
    'http://127.0.0.1.example.org/',
    'http://localhost.example.org/',
    'file:///etc/passwd',
    'hooks.example.org',
    '',
  ]) {
    it(`may not be ${JSON.stringify(text)}`, () => {
      expect(notifyAddress(text)).to.equal(undefined);
    });
  }
});
