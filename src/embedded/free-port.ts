import getPort, { clearLockedPorts } from 'get-port';

/** How many ports after the preferred one are tried before any other is taken. */
const STEPS = 50;
const HIGHEST = 65_535;

/** How often a server is started whose port was taken meanwhile. */
const TRIES = 5;

/**
 * A port that nobody listens on just now: the preferred one, else the next free one after it,
 * else, or when none is preferred, any.
 */
export async function freePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  const near = preferred === undefined ? [] : Array.from({ length: STEPS + 1 }, (_, at) => preferred + at);
  // It would not name one port twice within half a minute, though it is asked whether a server's port is free again.
  clearLockedPorts();
  return await getPort({ port: near.filter((port) => port <= HIGHEST), host });
}

export interface PortOptions<T> {
  readonly name: string;
  readonly preferred: number;
  start(port: number): Promise<T>;
  say(text: string): void;
}

/** Starts a server on the preferred port, or on the next one that nobody has taken, and says so. */
export async function onFreePort<T>({ name, preferred, start, say }: PortOptions<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(preferred);
    try {
      const started = await start(port);
      if (port !== preferred) say(`Port ${preferred} is taken: ${name} uses ${port}.`);
      return started;
    } catch (error) {
      // Another program may have taken the port between our look and the server's.
      if (attempt === TRIES || (await freePort(port)) === port) throw error;
    }
  }
}
