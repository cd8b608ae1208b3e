import type { Socket } from 'node:net';
import { type MachineDirectory, workerOf } from './machine-directory.ts';

/** Milliseconds between two looks for workers that are new, or dead. */
const LOOK_MS = 1_000;

/**
 * How long a dead worker's jobs are looked for, in milliseconds: a job that it had asked for may be given to it after
 * its death, under a lock of 10 s.
 */
const DEAD_MS = 15_000;

export interface WatchOptions {
  readonly directory: MachineDirectory;
  /** Id of the worker that watches. */
  readonly self: string;
  /** Told, again and again for a while, that a worker is dead. */
  onDead(workerId: string): Promise<void>;
  onError(error: unknown): void;
}

/**
 * Learns of the death of other workers on this machine: at once by a connection to each, which ends with its process,
 * and at each look by asking anew. The end of a connection alone means nothing.
 */
export function watchNeighbours({ directory, self, onDead, onError }: WatchOptions): { stop(): void } {
  /** Connections to those that live, by the name of their sockets. */
  const living = new Map<string, Socket>();
  /** When the dead were first met, in milliseconds on a clock that never jumps. */
  const dead = new Map<string, number>();
  let isLooking = false;
  let isStopped = false;

  async function look(): Promise<void> {
    const names = await directory.names();
    for (const name of dead.keys()) if (!names.includes(name)) dead.delete(name);
    for (const name of names) {
      if (isStopped) return;
      if (workerOf(name) !== self && !living.has(name)) await meet(name, keep);
    }
  }

  /** @param onAlive has the connection from then on */
  async function meet(name: string, onAlive: (name: string, socket: Socket) => void): Promise<void> {
    try {
      const met = await directory.meet(name);
      if (met.state === 'alive') onAlive(name, met.socket);
      else if (met.state === 'dead') await settle(name);
    } catch (error) {
      if (!isStopped) onError(error);
    }
  }

  function keep(name: string, socket: Socket): void {
    if (isStopped) {
      socket.destroy();
      return;
    }
    living.set(name, socket);
    socket.unref();
    socket.resume();
    socket.once('close', () => {
      living.delete(name);
      // Not kept anew before the next look: one that has no room for connections would close each at once.
      if (!isStopped) void meet(name, drop);
    });
  }

  function drop(_name: string, socket: Socket): void {
    socket.destroy();
  }

  async function settle(name: string): Promise<void> {
    const workerId = workerOf(name);
    if (workerId === undefined) return;
    const since = dead.get(name) ?? performance.now();
    dead.set(name, since);
    await onDead(workerId);
    if (performance.now() - since > DEAD_MS) await directory.remove(name);
  }

  /** One look at a time: what comes meanwhile is seen by the next one. */
  async function lookNow(): Promise<void> {
    if (isLooking || isStopped) return;
    isLooking = true;
    try {
      await look();
    } catch (error) {
      if (!isStopped) onError(error);
    } finally {
      isLooking = false;
    }
  }

  const timer = setInterval(() => void lookNow(), LOOK_MS);
  void lookNow();
  return {
    stop() {
      isStopped = true;
      clearInterval(timer);
      for (const socket of living.values()) socket.destroy();
    },
  };
}
