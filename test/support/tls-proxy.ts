import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import type { TestCertificate } from './certificates.ts';

export interface TlsProxyOptions {
  /** The server's own certificate, then what it sends along. */
  readonly chain: readonly [TestCertificate, ...TestCertificate[]];
  /** Clients must show a certificate that this one has signed. */
  readonly clientsBy?: TestCertificate;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Port of the server that stands behind it. */
  readonly target: number;
}

/** What speaks TLS before a server that does not. */
export interface TlsProxy {
  readonly port: number;
  /** Bytes that clients have sent inside of TLS. */
  readonly received: number;
  /** For each connection, whether it went on with an earlier session. */
  readonly resumed: readonly boolean[];
  close(): Promise<void>;
}

export async function startTlsProxy(options: TlsProxyOptions): Promise<TlsProxy> {
  const { chain, clientsBy, maxVersion, target } = options;
  const settings: TlsOptions = {
    key: chain[0].key,
    cert: chain.map(({ cert }) => cert).join('\n'),
    ...(clientsBy !== undefined && { ca: clientsBy.cert, requestCert: true, rejectUnauthorized: true }),
    ...(maxVersion !== undefined && { maxVersion }),
  };
  const open = new Set<Socket>();
  const resumed: boolean[] = [];
  let received = 0;
  const server = createServer(settings, (client) => {
    resumed.push(client.isSessionReused());
    const behind = connect(target, '127.0.0.1');
    client.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    client.pipe(behind).pipe(client);
    for (const socket of [client, behind]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        behind.destroy();
      });
    }
  });
  // Also those that never get as far as TLS.
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    get received() {
      return received;
    },
    resumed,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
