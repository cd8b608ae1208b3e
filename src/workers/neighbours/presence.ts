import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { MachineDirectory } from './machine-directory.ts';

/** The socket by which a worker is seen to live, for as long as its process does. */
export interface Presence {
  /** Takes the socket away: only when the worker has no job any more. */
  leave(): Promise<void>;
}

/**
 * Listens on a socket of the worker's own. Nothing is ever said on it, and nothing that is said to it is heard: that it
 * is there is all. It keeps no process from ending.
 * @throws what the operating system says
 */
export async function showPresence(directory: MachineDirectory, workerId: string): Promise<Presence> {
  const visitors = new Set<Socket>();
  const server = createServer((visitor) => {
    visitors.add(visitor);
    visitor.once('close', () => visitors.delete(visitor));
    visitor.on('error', () => undefined);
    visitor.resume();
    visitor.unref();
  });
  const made = `${workerId}.new`;
  server.listen({ path: directory.at(made) });
  await once(server, 'listening');
  server.on('error', () => undefined);
  server.unref();
  const name = await directory.publish(made, workerId);
  return {
    async leave() {
      // The name first: a socket that is seen and refused is a dead worker's.
      await directory.remove(name);
      server.close();
      for (const visitor of visitors) visitor.destroy();
    },
  };
}
