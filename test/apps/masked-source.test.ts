import { expect } from 'chai';
import { maskedSource } from '../../src/apps/masked-source.ts';

describe('maskedSource', () => {
  for (const [what, source, masked] of [
    ['user and password', 'https://ann:t0ken@host/a.tar', 'https://[masked]@host/a.tar'],
    ['a user alone', 'git+https://t0ken@host/a.git#main', 'git+https://[masked]@host/a.git#main'],
    ['a password with an @', 'https://ann:t0@ken@host/a.tar', 'https://[masked]@host/a.tar'],
    ['a password with a /', 'https://ann:t0/ken@host/a.tar', '[masked]@host/a.tar'],
    ['a query', 'https://host/a.tar?key=t0ken', 'https://host/a.tar?[masked]'],
    ['a query before a branch', 'git://host/a.git?key=t0ken#main', 'git://host/a.git?[masked]#main'],
    ['a query after a #', 'https://host/a.tar#x?key=t0ken', 'https://host/a.tar#x?[masked]'],
  ] as const) {
    it(`hides ${what}`, () => {
      expect(maskedSource(source)).to.equal(masked);
    });
  }

  for (const source of [
    'registry://drive/stable/1.60.0',
    'https://host:8080/@scope/a.tar.gz',
    'file:///srv/agenda',
    'no source',
    '',
  ]) {
    it(`leaves ${source === '' ? 'an empty text' : source} as it is`, () => {
      expect(maskedSource(source)).to.equal(source);
    });
  }
});
