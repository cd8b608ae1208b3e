import { createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { type LoadOptions, loadConfig } from '../../src/config/load-config.ts';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { inputErrorOf } from './input-error.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FS = 'fs:\n  url: file:///srv/cozy\n';

describe("the stack's keys about TLS to CouchDB", () => {
  const directory = temporaryDirectory();
  let root: TestCertificate;
  let own: TestCertificate;

  before(async () => {
    root = await makeCertificate({ name: 'Our root', isAuthority: true, kind: 'rsa' });
    own = await makeCertificate({ name: 'cozy-fleet', by: root });
  });

  beforeEach(() => {
    directory.write('root.pem', root.cert);
    directory.write('own.pem', `${own.cert}\n${root.cert}`);
    directory.write('own-key.pem', own.key);
  });

  const load = (lines: readonly string[], env: LoadOptions['env'] = {}) => {
    directory.write('cozy.yaml', `${FS}couchdb:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    const surroundings = { env, cwd: directory.path(), home: directory.path('home') };
    return loadConfig({ ...surroundings, file: 'cozy.yaml' });
  };
  const tlsOf = (...lines: string[]) => load(['url: https://couch:6984', ...lines]).couchdb.tls;
  const problemOf = (...lines: string[]) => inputErrorOf(() => load(['url: https://couch:6984', ...lines]));

  it('are absent when nothing is set', () => {
    expect(tlsOf()).to.equal(undefined);
    expect(
      tlsOf('root_ca: ""', 'client_cert: ""', 'pinned_key: ""', 'insecure_skip_validation: false'),
    ).to.equal(undefined);
  });

  it('give the certificates of root_ca, whatever else its file holds', () => {
    directory.write('root.pem', `Our root\n${root.key}\n${root.cert}\n\n${own.cert}\n`);
    expect(tlsOf('root_ca: root.pem')).to.deep.equal({
      rootCa: [root.cert.trim(), own.cert.trim()],
      insecure: false,
    });
  });

  it('give the client certificate with its chain and its key', () => {
    expect(tlsOf('client_cert: own.pem', `client_key: ${directory.path('own-key.pem')}`)).to.deep.equal({
      client: { cert: `${own.cert.trim()}\n${root.cert.trim()}`, key: own.key.trim() },
      insecure: false,
    });
  });

  it('take certificate and key from one file', () => {
    directory.write('both.pem', `${own.cert}\n${own.key}\n`);
    const tls = tlsOf('client_cert: both.pem', 'client_key: both.pem');
    expect(tls?.client).to.deep.equal({ cert: own.cert.trim(), key: own.key.trim() });
  });

  it('pass over a key without its certificate, as the stack does', () => {
    expect(tlsOf('client_key: missing.pem')).to.equal(undefined);
  });

  it('take the digest of a key in capitals too', () => {
    const pin = 'AB'.repeat(32);
    expect(tlsOf(`pinned_key: ${pin}`)).to.deep.equal({ pinnedKey: pin.toLowerCase(), insecure: false });
  });

  it('are taken from variables, over those of the file', () => {
    const env = {
      COZY_COUCHDB_ROOT_CA: directory.path('root.pem'),
      COZY_COUCHDB_CLIENT_CERT: directory.path('own.pem'),
      COZY_COUCHDB_CLIENT_KEY: directory.path('own-key.pem'),
      COZY_COUCHDB_PINNED_KEY: root.pin,
      COZY_COUCHDB_INSECURE_SKIP_VALIDATION: '1',
    };
    const { tls } = load(['root_ca: missing.pem', 'insecure_skip_validation: false'], env).couchdb;
    expect(tls).to.include({ pinnedKey: root.pin, insecure: true });
    expect(tls).to.have.keys('rootCa', 'client', 'pinnedKey', 'insecure');
  });

  const WRONG: readonly [string, readonly string[], RegExp][] = [
    [
      'root_ca',
      ['root_ca: missing.pem'],
      /^couchdb\.root_ca names a file that cannot be read \(ENOENT\): .*missing\.pem\.$/,
    ],
    ['root_ca', ['root_ca: .'], /cannot be read \(EISDIR\)/],
    ['root_ca', ['root_ca: own-key.pem'], /^couchdb\.root_ca names a file without a certificate in PEM form/],
    ['root_ca', ['root_ca: [a, b]'], /must be the path of a file/],
    ['client_cert', ['client_cert: own.pem'], /^couchdb\.client_cert needs couchdb\.client_key/],
    ['client_cert', ['client_cert: missing.pem', 'client_key: own-key.pem'], /cannot be read \(ENOENT\)/],
    ['client_key', ['client_cert: own.pem', 'client_key: missing.pem'], /^couchdb\.client_key .*\(ENOENT\)/],
    ['client_key', ['client_cert: own.pem', 'client_key: root.pem'], /without a private key in PEM form/],
    [
      'client_key',
      ['client_cert: own.pem', 'client_key: other-key.pem'],
      /is not the key of the first certificate/,
    ],
    ['client_key', ['client_cert: own.pem', 'client_key: locked.pem'], /encrypted key, which cannot be used/],
    ['pinned_key', ['pinned_key: sha256/AAAA'], /64 hexadecimal digits/],
    ['pinned_key', ['pinned_key: abcd'], /64 hexadecimal digits/],
    ['insecure_skip_validation', ['insecure_skip_validation: yes please'], /must be true or false/],
  ];
  for (const [key, lines, message] of WRONG) {
    it(`are refused with their place: ${lines.join(', ')}`, async () => {
      const other = await makeCertificate({ name: 'other' });
      directory.write('other-key.pem', other.key);
      const locked = createPrivateKey(own.key).export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'topsecret',
      });
      directory.write('locked.pem', String(locked));
      const error = problemOf(...lines);
      expect(error.message).to.match(message);
      expect(error.place).to.include({ file: directory.path('cozy.yaml'), key: `couchdb.${key}` });
      expect(error.place.line).to.be.a('number');
    });
  }

  it('name the variable that is wrong', () => {
    const error = inputErrorOf(() =>
      load(['url: https://couch:6984'], { COZY_COUCHDB_ROOT_CA: '/nowhere.pem' }),
    );
    expect(error.message).to.match(/^couchdb\.root_ca \(variable COZY_COUCHDB_ROOT_CA\) names a file/);
  });
});
