import { freePort } from '../embedded/free-port.ts';

const TRIES = 5;

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
      // Somebody may have taken the port between our look and the server's.
      if (attempt === TRIES || (await freePort(port)) === port) throw error;
    }
  }
}
