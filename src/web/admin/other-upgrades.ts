import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ProxyServer } from 'http-proxy-3';
import { type Admission, admittedByBasic } from '../auth/admitted.ts';
import { clientBehind, trustedBy } from '../http/client-of.ts';
import { hasComeBack, passedOn } from '../http/passed-on.ts';
import { answerRaw, answerWithoutUpgrade } from '../http/raw-answer.ts';
import type { WebContext } from '../web-context.ts';

/** Where a stack's admin port has web sockets. */
const WEB_SOCKETS = /^\/realtime\/?(?:\?|$)/;

/**
 * Web sockets of a stack's admin port (`/realtime`): passed on like all that is none of ours, after the same admission.
 * Whatever else offers another protocol, as some programs do with each request, is answered as if it had not: our own
 * routes must not be passed by.
 * No framework stands before them: what is thrown here would end the process.
 * @returns what ends them all, for a server waits for its connections when it closes
 */
export function passUpgradesOn(
  server: Server,
  proxy: ProxyServer,
  { operator, log, config }: WebContext,
): () => void {
  const open = new Set<Duplex>();
  const trusts = trustedBy(config.serve.trustedProxies);

  function passOn(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const client = clientBehind(request, trusts);
    admittedByBasic(operator, { headers: request.headers, ip: client.address }).then(
      (admission) => {
        const status = hasComeBack(request) ? 508 : statusOf(admission);
        if (status !== undefined) answerRaw(socket, status);
        else proxy.ws(request, socket, head, { headers: passedOn(request, client) });
      },
      (error: unknown) => {
        log.error('request failed', { method: 'upgrade', error });
        answerRaw(socket, 500);
      },
    );
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    if (!(socket instanceof Socket)) socket.destroy();
    else if (isWebSocket(request)) passOn(request, socket, head);
    else {
      // Nor is the offer passed on.
      delete request.headers.upgrade;
      request.headers.connection = 'close';
      answerWithoutUpgrade(server, request, socket);
    }
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

function isWebSocket({ method, headers, url = '' }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && WEB_SOCKETS.test(url);
}

/** The status with which a web socket is refused; undefined = it is not. */
function statusOf(admission: Admission): number | undefined {
  switch (admission) {
    case 'admitted':
      return undefined;
    case 'nobody':
      return 401;
    case 'wrong':
      return 403;
    case 'limited':
      return 429;
    default:
      return admission satisfies never;
  }
}
