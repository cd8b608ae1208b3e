// The library needs it before it is loaded itself.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

export interface CertificateOptions {
  /** Common name; also the name it is for, unless `names` says otherwise. */
  readonly name: string;
  /** Host names and IP addresses it is for. */
  readonly names?: readonly string[];
  /** Who signs it; itself otherwise. */
  readonly by?: TestCertificate;
  readonly kind?: 'rsa' | 'ec';
  /** Whether it may sign others. */
  readonly isAuthority?: boolean;
  /** Milliseconds from now to the end of its time; in the past when negative. */
  readonly lastsFor?: number;
}

export interface TestCertificate {
  /** In PEM form, without its chain. */
  readonly cert: string;
  /** In PEM form. */
  readonly key: string;
  /** SHA-256 of its SubjectPublicKeyInfo as it stands in the certificate, in hexadecimal digits. */
  readonly pin: string;
  readonly signer: { readonly issuer: string; readonly keys: webcrypto.CryptoKeyPair };
}

const ALGORITHMS = {
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const;

const DAY = 24 * 3600 * 1000;

/** Makes a key and a certificate for it. */
export async function makeCertificate({
  name,
  names = [name],
  by,
  kind = 'ec',
  isAuthority = false,
  lastsFor = DAY,
}: CertificateOptions): Promise<TestCertificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHMS[kind], true, ['sign', 'verify']);
  const subject = `CN=${name}`;
  const signingKey = by?.signer.keys.privateKey ?? keys.privateKey;
  const notAfter = new Date(Date.now() + lastsFor);
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(8).toString('hex'),
    subject,
    issuer: by?.signer.issuer ?? subject,
    notBefore: new Date(notAfter.getTime() - 10 * DAY),
    notAfter,
    signingAlgorithm: { name: signingKey.algorithm.name, hash: 'SHA-256' },
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      new x509.SubjectAlternativeNameExtension(
        names.map((each) => ({
          type: /^[\d.]+$/.test(each) ? ('ip' as const) : ('dns' as const),
          value: each,
        })),
      ),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const spki = await webcrypto.subtle.digest('SHA-256', made.publicKey.rawData);
  return {
    cert: made.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    pin: Buffer.from(spki).toString('hex'),
    signer: { issuer: subject, keys },
  };
}
