import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { maskSecrets } from '../src/mask-secrets.ts';

describe('maskSecrets', () => {
  const hex = randomBytes(16).toString('hex');
  const token = randomBytes(16).toString('base64');
  const long = randomBytes(64).toString('base64');

  const secrets: readonly (readonly [what: string, secret: string, around?: (secret: string) => string])[] = [
    ['a register token', hex],
    ['a register token in a link', hex, (secret) => `https://a.example/?registerToken=${secret}&x=1`],
    ['a register token as it is stored', token, (secret) => `{"register_token":"${secret}"}`],
    ['a stored token without its name', token],
    ['a stored secret', long],
    ['a sealed passphrase', 'sealed:v1.abc_DEF-1'],
    ['a hash of a stack', 'scrypt$16384$8$1$936ce2ba$1d2f3a'],
    ['another hash', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub'],
    [
      'a token that is signed',
      `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${randomBytes(24).toString('base64url')}`,
    ],
    ['credentials of a URL', 'admin:s3cr3t', (secret) => `http://${secret}@couch.example:5984/db`],
    ['a password alone in a URL', ':s3cr3t', (secret) => `redis://${secret}@redis.example:6379`],
    ['basic authorization', 'YWRtaW46czNjcjN0', (secret) => `authorization: Basic ${secret}`],
    ['a bearer token', 'abcDEF.123-xyz', (secret) => `Bearer ${secret}`],
    ['a field of JSON', 'hush-hush', (secret) => `{"passphrase": "${secret}", "a": 1}`],
  ];
  for (const [what, secret, around = (text: string) => `it said ${text} of it`] of secrets) {
    it(`hides ${what}`, () => {
      const masked = maskSecrets(around(secret));
      expect(masked).not.to.include(secret);
      expect(masked).to.include('[masked]');
    });
  }

  const harmless = [
    `the document ${hex} has the same prefix`,
    `conflict on 12-${hex}`,
    `cozy${hex}/io-cozy-files on couch:5984: 404 not_found: missing`,
    'job 0f0c3f0e-8a51-4a1e-9d3c-2a9f0f6d7b11 has taken a.example over',
    '/var/lib/cozy/storage/alice.example.org/.cozy_apps/drive/1.2.3/index.html is a link',
    'connect ECONNREFUSED 127.0.0.1:6379',
    'bad_passphrase: the passphrase is empty',
    'couchdb_401: the user or password of http://couch.example:5984 was refused',
    'Set one: cozy-fleet serve passwd. A stack\u2019s own is found where the stack finds it.',
  ];
  for (const text of harmless)
    it(`leaves alone: ${text.replace(hex, '<hex>')}`, () => expect(maskSecrets(text)).to.equal(text));
});
