import type { Writable } from 'node:stream';

/**
 * Has what is written to a socket in one turn of the event loop leave in one piece: the jobs of a worker send several
 * commands each time they are answered, and each would be a packet and a system call of its own. Nothing is held back
 * for longer, nothing waits for an answer, and commands stay what they were: those of a pipeline share what becomes of
 * it, and the next pipeline waits for the one before.
 */
export function gatherWrites(socket: Writable): void {
  const write: Writable['write'] = socket.write.bind(socket);
  let isGathering = false;
  function gather(): void {
    if (isGathering) return;
    isGathering = true;
    socket.cork();
    setImmediate(() => {
      isGathering = false;
      socket.uncork();
    });
  }
  socket.write = (...args: unknown[]): boolean => {
    gather();
    return Reflect.apply(write, socket, args);
  };
}
