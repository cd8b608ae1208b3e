import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyedFleet } from '../../src/jobs/fleet/fleet.ts';
import { type CpuClock, clientClock, pidClock } from '../cpu/cpu-clock.ts';
import { makeQueued, type QueueRun, removeQueued, stageTimes } from '../queue.ts';
import { removeInstances } from '../remove.ts';
import type { BenchServers } from '../servers.ts';
import type { BenchWorker } from '../worker.ts';
import type { Side, SideRun } from './side.ts';

/** The last job's end is recorded a moment after its batch has ended. */
const LAST_JOB_MS = 100;

export interface QueueSideOptions {
  readonly fleet: KeyedFleet;
  readonly servers: BenchServers;
  readonly server: CpuClock;
  readonly worker: BenchWorker;
}

/** A batch through the whole queue: this process queues it, a worker in a process of its own runs it. */
export function queueSide({ fleet, servers, server, worker }: QueueSideOptions): Side {
  const { couch, redisPid, storageRoot } = servers;
  const workerClock: CpuClock = {
    process: 'worker',
    read: async () => {
      const { user, system } = await worker.usage();
      return user + system;
    },
  };
  /** Requests to look instances up, which this process sends. */
  let lookUps = 0;
  const ended = async (kind: 'create' | 'destroy', { ms, batchId }: QueueRun): Promise<SideRun> => {
    await sleep(LAST_JOB_MS);
    return { ms, stageTimes: () => stageTimes(fleet, kind, batchId) };
  };
  return {
    name: 'queue',
    described: 'a batch through the queue, the worker in a process of its own, built as operators run it',
    clocks: [server, workerClock, pidClock('redis', redisPid), clientClock],
    make: async (domains) => await ended('create', await makeQueued(fleet, domains)),
    async remove(domains) {
      const run = await removeQueued(fleet, couch, domains);
      lookUps += run.lookUps;
      return await ended('destroy', run);
    },
    requests: async () => lookUps + (await worker.usage()).requests,
    clear: (domains) => removeInstances(couch, storageRoot, domains),
  };
}
