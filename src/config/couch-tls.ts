import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf } from '../errno.ts';

/** The stack's own keys about TLS to CouchDB, which go for all clusters; empty texts count as unset. */
export interface CouchTlsSettings {
  /** Path of a file; as the next two, relative to the working directory. */
  readonly root_ca: string;
  readonly client_cert: string;
  readonly client_key: string;
  /** 64 hexadecimal digits. */
  readonly pinned_key: string;
  readonly insecure_skip_validation: boolean;
}

/** How CouchDB is talked to over TLS, with the files read and checked. */
export interface CouchTls {
  /** Certificates in PEM form that are trusted instead of the system's roots; absent = the system's. */
  readonly rootCa?: readonly string[];
  /** What we show of ourselves, in PEM form: a certificate with its chain, and its key. */
  readonly client?: { readonly cert: string; readonly key: string };
  /** SHA-256 of a SubjectPublicKeyInfo, in lower-case hexadecimal digits. */
  readonly pinnedKey?: string;
  /** Whether any certificate will do, of any authority and for any name. */
  readonly insecure: boolean;
}

/** What is wrong with a key of the section `couchdb`, to go after its name in a sentence. */
export class TlsSettingProblem extends Error {
  readonly key: keyof CouchTlsSettings;

  constructor(key: keyof CouchTlsSettings, message: string) {
    super(message);
    this.name = new.target.name;
    this.key = key;
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY =
  /-----BEGIN (?<type>(?:[A-Z0-9]+ )?PRIVATE KEY)-----(?:[^-]|-(?!----))+-----END \k<type>-----/;

/**
 * Reads what the settings name, by the stack's rules: a key without its certificate is passed over.
 * @param cwd where relative paths begin
 * @returns undefined when nothing is set
 * @throws TlsSettingProblem
 */
export function readCouchTls(settings: CouchTlsSettings, cwd: string): CouchTls | undefined {
  const { root_ca, client_cert, client_key, pinned_key, insecure_skip_validation: insecure } = settings;
  if (!root_ca && !client_cert && !pinned_key && !insecure) return undefined;
  return {
    ...(root_ca && { rootCa: certificatesOf('root_ca', resolve(cwd, root_ca)) }),
    ...(client_cert && {
      client: clientOf(resolve(cwd, client_cert), client_key && resolve(cwd, client_key)),
    }),
    ...(pinned_key && { pinnedKey: pinned_key.toLowerCase() }),
    insecure,
  };
}

function clientOf(certFile: string, keyFile: string): NonNullable<CouchTls['client']> {
  const chain = certificatesOf('client_cert', certFile);
  if (keyFile === '') {
    throw new TlsSettingProblem('client_cert', 'needs couchdb.client_key, the file with its private key');
  }
  const key = PRIVATE_KEY.exec(textOf('client_key', keyFile))?.[0];
  if (key === undefined) {
    throw new TlsSettingProblem('client_key', `names a file without a private key in PEM form: ${keyFile}`);
  }
  const own = new X509Certificate(chain[0] ?? '');
  if (!own.checkPrivateKey(privateKey(key, keyFile))) {
    throw new TlsSettingProblem(
      'client_key',
      'is not the key of the first certificate of couchdb.client_cert',
    );
  }
  return { cert: chain.join('\n'), key };
}

function privateKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const what = /\bENCRYPTED\b/.test(pem)
      ? 'an encrypted key, which cannot be used'
      : 'a key that cannot be read';
    throw new TlsSettingProblem('client_key', `names a file with ${what}: ${file}`);
  }
}

/** The certificates of a file in their order; what else stands in it is passed over. */
function certificatesOf(key: 'root_ca' | 'client_cert', file: string): string[] {
  const found = textOf(key, file).match(CERTIFICATE)?.filter(isCertificate) ?? [];
  if (found.length > 0) return found;
  throw new TlsSettingProblem(key, `names a file without a certificate in PEM form: ${file}`);
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function textOf(key: keyof CouchTlsSettings, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new TlsSettingProblem(
      key,
      `names a file that cannot be read (${errnoOf(thrown) ?? 'unknown'}): ${file}`,
    );
  }
}
