import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';

/** Stands before a server, passes everything on, and counts what is answered. */
export interface CountingProxy {
  readonly port: number;
  /** When the last request came, but those that ask without a login whether the server is up, in milliseconds of `performance.now()`. */
  readonly lastAt: number;
  /** Method and path of each request, in their order, but those that ask whether the server is up. */
  readonly seen: readonly string[];
  /** How many requests were answered with that status. */
  count(status: number): number;
  close(): Promise<void>;
}

export async function startCountingProxy(origin: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(origin);
  const agent = new Agent({ keepAlive: true });
  const counts = new Map<number, number>();
  const seen: string[] = [];
  let lastAt = 0;
  const server = createServer((client, answer) => {
    const { method, url, headers } = client;
    if (url !== '/_up') {
      lastAt = performance.now();
      seen.push(`${method} ${url}`);
    }
    const behind = request({ agent, hostname, port, method, path: url, headers }, (response) => {
      const { statusCode = 0 } = response;
      counts.set(statusCode, (counts.get(statusCode) ?? 0) + 1);
      answer.writeHead(statusCode, response.headers);
      response.pipe(answer);
    });
    behind.on('error', () => answer.destroy());
    client.pipe(behind);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get lastAt() {
      return lastAt;
    },
    seen,
    count: (status) => counts.get(status) ?? 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}
