import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { statusText } from './create-server.ts';

/** Answers a request that the framework has left to us, unless an answer has begun: then it is cut. */
export function answerWith(answer: ServerResponse, status: number, retryAfterSeconds?: number): void {
  if (answer.headersSent) {
    answer.destroy();
    return;
  }
  answer.statusCode = status;
  for (const [name, value] of headersOf(retryAfterSeconds)) answer.setHeader(name, value);
  answer.end(bodyOf(status));
}

/** Answers on a connection that no HTTP server looks after any more, and ends it. */
export function answerRaw(socket: Duplex, status: number, retryAfterSeconds?: number): void {
  const body = bodyOf(status);
  const lines = [
    `HTTP/1.1 ${status} ${statusText(status)}`,
    ...headersOf(retryAfterSeconds).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ];
  // Whoever has gone needs no answer.
  socket.on('error', () => undefined);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * A server that takes upgrades gets every request that offers one, such as HTTP/2 without TLS: it is answered as it would
 * be without the offer. A body is not read any more by then, so that a request with one is refused.
 */
export function answerWithoutUpgrade(server: Server, request: IncomingMessage, socket: Socket): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (length !== '0' || encoding !== undefined) {
    answerRaw(socket, 501);
    return;
  }
  const answer = new ServerResponse(request);
  answer.shouldKeepAlive = false;
  socket.on('error', () => socket.destroy());
  answer.assignSocket(socket);
  answer.once('finish', () => {
    answer.detachSocket(socket);
    socket.destroySoon();
  });
  server.emit('request', request, answer);
}

function headersOf(retryAfterSeconds: number | undefined): [string, string][] {
  return [
    ['content-type', 'text/plain; charset=utf-8'],
    ['cache-control', 'no-store'],
    ['connection', 'close'],
    ...(retryAfterSeconds === undefined
      ? []
      : [['retry-after', String(retryAfterSeconds)] satisfies [string, string]]),
  ];
}

function bodyOf(status: number): string {
  return `${status} ${statusText(status)}\n`;
}
