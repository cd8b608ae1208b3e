import { createHash, type X509Certificate } from 'node:crypto';
import * as https from 'node:https';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type { CouchTls } from '../config/couch-tls.ts';

const load = createRequire(import.meta.url);

/** Opens connections, with or without TLS; a socket is handed over when it may be written to. */
export type Connector = buildConnector.connector;

/** What came of opening a connection. */
type ConnectResult = Parameters<buildConnector.Callback>;

/** None of the certificates that a server showed has the key that it must have. */
export class PinMismatch extends Error {
  /** SHA-256 of the SubjectPublicKeyInfo of the server's own certificate. */
  readonly shown: string;

  constructor(shown: string) {
    super(`no certificate has the pinned key; the server's own has ${shown}`);
    this.name = new.target.name;
    this.shown = shown;
  }
}

/**
 * The one way to connect to CouchDB, for every client of it. No session is resumed: in a resumed one no
 * certificate is shown, so that nothing could be checked.
 */
export function createConnector(tls: CouchTls | undefined): Connector {
  const secure = tls && { secureContext: contextOf(tls), rejectUnauthorized: !tls.insecure };
  const connect = onceNeeded(() => undici().buildConnector({ maxCachedSessions: 0, ...secure }));
  const pinnedKey = tls?.pinnedKey;
  if (pinnedKey === undefined) return connect;
  return (options, callback) => {
    connect(options, (...[error, socket]: ConnectResult) => {
      if (error !== null) return callback(error, null);
      const mismatch = socket instanceof TLSSocket ? mismatchOf(socket, pinnedKey) : undefined;
      if (mismatch === undefined) return callback(null, socket);
      socket.destroy();
      callback(mismatch, null);
    });
  };
}

/** A tenth of a second to load, and commands that speak plain HTTP never ask for it. */
function undici(): typeof import('undici') {
  return load('undici');
}

function onceNeeded(build: () => Connector): Connector {
  let connect: Connector | undefined;
  return (options, callback) => {
    connect ??= build();
    connect(options, callback);
  };
}

/** An authority that is itself signed by another, or a server's own certificate, may be a root too, as in Go. */
function contextOf({ rootCa, client }: CouchTls): ReturnType<typeof createSecureContext> {
  return createSecureContext({
    ...(rootCa !== undefined && { ca: [...rootCa], allowPartialTrustChain: true }),
    ...client,
  });
}

function mismatchOf(socket: TLSSocket, pinnedKey: string): PinMismatch | undefined {
  const keys = keysShown(socket);
  return keys.includes(pinnedKey) ? undefined : new PinMismatch(keys[0] ?? 'none');
}

/** Digests of the keys of all certificates that the server has sent, its own first. */
function keysShown(socket: TLSSocket): string[] {
  const keys: string[] = [];
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (certificate !== undefined) {
    keys.push(keyDigest(certificate));
    certificate = certificate.issuerCertificate;
  }
  return keys;
}

/** In lower-case hexadecimal digits; of the whole SubjectPublicKeyInfo, whatever the kind of key. */
function keyDigest({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

type AgentCallback = (error: Error | null, socket: Duplex) => void;

/** For `node:https`: hands a request its socket only after the connector has accepted the server. */
export class SecureAgent extends https.Agent {
  readonly #connect: Connector;

  constructor(connect: Connector, options: https.AgentOptions) {
    super(options);
    this.#connect = connect;
  }

  override createConnection(
    { host, port, servername }: https.RequestOptions,
    callback?: AgentCallback,
  ): undefined {
    const target = { hostname: host ?? '', protocol: 'https:', port: String(port ?? '') };
    const named = servername ? { ...target, servername } : target;
    this.#connect(named, (...[error, socket]: ConnectResult) => {
      // Where there is an error the socket is not used.
      callback?.(error, socket ?? new Socket());
    });
  }
}
