import { once } from 'node:events';
import type { Server } from 'node:http';

/** Starts a server on this machine. @returns its port */
export async function listeningOn(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
