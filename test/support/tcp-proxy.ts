import { connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server, and can stop passing bytes on without closing anything. */
export interface TcpProxy {
  readonly port: number;
  /** Passes nothing more on, either way, on the connections that are open now; new ones work. */
  silence(): void;
  /** Leads new connections to another server; those that are open stay where they are. */
  aim(port: number): void;
  close(): Promise<void>;
}

export async function openTcpProxy(toPort: number): Promise<TcpProxy> {
  let target = toPort;
  const pairs = new Set<readonly [Socket, Socket]>();

  const server = createServer((client) => {
    const onward = connect({ port: target, host: '127.0.0.1' });
    const pair = [client, onward] as const;
    pairs.add(pair);
    client.pipe(onward);
    onward.pipe(client);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        for (const each of pair) each.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();

  return {
    port: typeof address === 'object' && address ? address.port : 0,
    silence() {
      for (const [client, onward] of pairs) {
        client.unpipe(onward).pause();
        onward.unpipe(client).pause();
      }
    },
    aim(port) {
      target = port;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await closed;
    },
  };
}
