import { createHash, type X509Certificate } from 'node:crypto';
import * as https from 'node:https';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import type { buildConnector } from 'undici';
import type { CouchTls } from '../config/couch-tls.ts';

/** Opens connections, with or without TLS; a socket is handed over when it may be written to. */
export type Connector = buildConnector.connector;

/** What came of opening a connection. */
export type ConnectResult = Parameters<buildConnector.Callback>;

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

/** Milliseconds in which a connection has to be there, TLS included. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Milliseconds of silence after which the operating system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000;

/**
 * The one way to connect to CouchDB, for every client of it. No session is resumed: in a resumed one no
 * certificate is shown, so that nothing could be checked. Not undici's own, which commands would have to load.
 */
export function createConnector(settings: CouchTls | undefined): Connector {
  const secure = settings && { secureContext: contextOf(settings), rejectUnauthorized: !settings.insecure };
  const pinnedKey = settings?.pinnedKey;

  function open({ hostname, protocol, port, servername }: buildConnector.Options): net.Socket {
    if (protocol !== 'https:') return net.connect({ host: hostname, port: Number(port || 80) });
    const name = servername || (net.isIP(hostname) === 0 ? hostname : '');
    const target = { host: hostname, port: Number(port || 443), servername: name };
    return tls.connect({ ...secure, ...target, ALPNProtocols: ['http/1.1'] });
  }

  return (options, callback) => {
    const socket = open(options).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    const late = () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
    const limit = setTimeout(late, CONNECT_TIMEOUT_MS);
    const fail = (error: Error) => {
      clearTimeout(limit);
      callback(error, null);
    };
    socket.once('error', fail);
    socket.once(options.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      clearTimeout(limit);
      const mismatch = pinnedKey === undefined ? undefined : mismatchOf(socket, pinnedKey);
      socket.off('error', fail);
      // An alert of TLS is told without ending the socket: who listens to its end would hear of that alone.
      socket.once('error', (error) => socket.destroy(error));
      if (mismatch === undefined) return callback(null, socket);
      socket.destroy();
      callback(mismatch, null);
    });
  };
}

/** An authority that is itself signed by another, or a server's own certificate, may be a root too, as in Go. */
function contextOf({ rootCa, client }: CouchTls): tls.SecureContext {
  return tls.createSecureContext({
    ...(rootCa !== undefined && { ca: [...rootCa], allowPartialTrustChain: true }),
    ...client,
  });
}

function mismatchOf(socket: net.Socket, pinnedKey: string): PinMismatch | undefined {
  if (!(socket instanceof tls.TLSSocket)) return undefined;
  const keys = keysShown(socket);
  return keys.includes(pinnedKey) ? undefined : new PinMismatch(keys[0] ?? 'none');
}

/** Digests of the keys of all certificates that the server has sent, its own first. */
function keysShown(socket: tls.TLSSocket): string[] {
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
      callback?.(error, socket ?? new net.Socket());
    });
  }
}
