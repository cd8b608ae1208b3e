import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProxyServer } from 'http-proxy-3';
import { toError } from '../../errors.ts';
import { admittedByBasic } from '../auth/admitted.ts';
import type { WebContext } from '../web-context.ts';

/**
 * Web sockets of a stack's admin port (`/realtime`): passed on like all that is none of ours, after the same admission.
 * No framework stands before them: what is thrown here would end the process.
 * @returns what ends them all, for a server waits for its connections when it closes
 */
export function passUpgradesOn(
  server: Server,
  proxy: ProxyServer,
  { operator, log }: WebContext,
): () => void {
  const open = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    const ip = request.socket.remoteAddress ?? '';
    admittedByBasic(operator, { headers: request.headers, ip }).then(
      (admission) => {
        if (admission === 'admitted') proxy.ws(request, request.socket, head);
        else refuse(socket, admission === 'nobody' ? '401 Unauthorized' : '403 Forbidden');
      },
      (error: unknown) => {
        log.error('request failed', { method: 'upgrade', error: toError(error).message });
        refuse(socket, '500 Internal Server Error');
      },
    );
  });
  return () => {
    for (const socket of open) socket.destroy();
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
