import { freePort } from '../../src/embedded/free-port.ts';

/**
 * Below the ports that systems give to outgoing connections: one of those may be taken between our look and a server's
 * start, or while the server is stopped for a moment. So is the port 10,000 above, where nodes of a Redis cluster talk.
 */
const LOWEST = 12_000;

/** How many each of the processes has that run tests side by side: three at most (`.mocharc.built.cjs`). */
const SHARE = 3_300;

const own = LOWEST + Number(process.env['MOCHA_WORKER_ID'] ?? 0) * SHARE;

let next = Math.floor(Math.random() * SHARE);

/** A port for a server of a test, that no other test of this run gets. */
export async function testPort(): Promise<number> {
  next = (next + 1) % SHARE;
  const port = await freePort(own + next);
  next = Math.max(0, port - own) % SHARE;
  return port;
}
