import { createServer } from 'node:net';

/** How many ports after the preferred one are tried before any other is taken. */
const STEPS = 50;
const HIGHEST = 65_535;

/**
 * A port that nobody listens on just now: the preferred one, else the next free one after it,
 * else, or when none is preferred, any.
 */
export async function freePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  if (preferred !== undefined) {
    for (let port = preferred; port <= Math.min(preferred + STEPS, HIGHEST); port += 1) {
      if ((await tryListening(port, host)) !== undefined) return port;
    }
  }
  const any = await tryListening(0, host);
  if (any === undefined) throw new Error(`no port is free on ${host}`);
  return any;
}

/** The port it could listen on, or undefined when that one is taken or forbidden. */
function tryListening(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}
