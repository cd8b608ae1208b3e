import { once } from 'node:events';
import { createServer } from 'node:http';

/** A proxy that answers itself, whatever is asked by way of it, and makes no tunnels. */
export interface ProxyServer {
  /** Without trailing slash. */
  readonly url: string;
  /** What was asked: `GET http://host/path`, `CONNECT host:port`; credentials for the proxy behind it. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param answer body of all answers */
export async function startProxyServer(answer: string): Promise<ProxyServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push([request.method, request.url, request.headers['proxy-authorization'] ?? ''].join(' ').trim());
    response.end(answer);
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
