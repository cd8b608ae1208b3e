import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** What came to the server of a test that stands in for a running stack. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body, once it has come whole. */
  readonly bytes: number;
  readonly digest: string;
}

export interface EchoStack {
  readonly origin: string;
  /** All requests, web sockets too, in their order. */
  readonly arrived: readonly Arrived[];
  /** How many requests were given up by the other side before they were answered. */
  readonly abandoned: number;
  close(): Promise<void>;
}

/** Answers a request in its own way, after its body has come; `undefined` = with what has arrived, as JSON. */
export type EchoAnswer = (request: IncomingMessage, answer: ServerResponse) => void;

/** A server that tells what it was asked, and sends back what comes over a web socket. */
export async function startEchoStack(answers: Readonly<Record<string, EchoAnswer>> = {}): Promise<EchoStack> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Duplex>();
  let abandoned = 0;

  const note = (request: IncomingMessage, bytes = 0, digest = ''): Arrived => {
    const { method = '', url = '', headers } = request;
    const each = { method, url, headers, bytes, digest };
    arrived.push(each);
    return each;
  };

  const server = createServer((request, answer) => {
    const hash = createHash('sha256');
    let bytes = 0;
    answer.once('close', () => {
      if (!answer.writableFinished) abandoned += 1;
    });
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    request.on('end', () => {
      const told = note(request, bytes, hash.digest('hex'));
      const own = answers[(request.url ?? '').split('?')[0] ?? ''];
      if (own !== undefined) own(request, answer);
      else answer.setHeader('content-type', 'application/json').end(JSON.stringify(told));
    });
  });
  server.requestTimeout = 0;
  server.on('upgrade', (request, socket: Duplex) => {
    note(request);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Own: yes\r\n\r\n',
    );
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    arrived,
    get abandoned() {
      return abandoned;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
