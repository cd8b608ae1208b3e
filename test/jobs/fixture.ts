import { randomUUID } from 'node:crypto';
import { UnrecoverableError, Worker } from 'bullmq';
import { type KeyedFleet, openFleet } from '../../src/jobs/fleet/fleet.ts';
import { type FleetJob, JOB_OPTIONS } from '../../src/jobs/fleet/open-queue.ts';
import { newSealKey } from '../../src/jobs/fleet/seal.ts';
import type { CreatePayload } from '../../src/jobs/kinds/create.ts';
import { QUEUE_NAME } from '../../src/jobs/redis/keys.ts';
import { sampleOptions } from '../instances/sample-options.ts';
import { Cleanup } from '../support/cleanup.ts';
import { withKey } from '../support/keyed-fleet.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis, type TestRedis } from '../support/servers.ts';

/** A queue in a Redis of the test's own, and hands to move its jobs about without a worker. */
export interface TestQueue {
  readonly redis: TestRedis;
  readonly fleet: KeyedFleet;
  /** Another process's view of the same fleet: a connection of its own. */
  another(): Promise<KeyedFleet>;
  /** Adds a job, signed; it waits. */
  add(payload: CreatePayload, jobId?: string): Promise<FleetJob>;
  /** Takes the next job as a worker would. */
  start(token?: string): Promise<FleetJob>;
  /** Adds a job and has it fail for good. */
  failed(payload: CreatePayload): Promise<FleetJob>;
  close(): Promise<void>;
}

export async function startTestQueue(): Promise<TestQueue> {
  const cleanup = new Cleanup();
  try {
    return await putTogether(cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function putTogether(cleanup: Cleanup): Promise<TestQueue> {
  const redis = cleanup.add(await startTestRedis(), (each) => each.close());
  const sealKey = newSealKey();
  const another = async () => {
    const fleet = await openFleet({ redis: redisAt(redis.url), prefix: 'fleet', role: 'worker' });
    return withKey(
      cleanup.add(fleet, (each) => each.close()),
      sealKey,
    );
  };
  const fleet = await another();
  const worker = cleanup.add(
    new Worker(QUEUE_NAME, null, {
      connection: fleet.redis,
      prefix: fleet.keys.bullPrefix,
      autorun: false,
      skipLockRenewal: true,
    }),
    (each) => each.close(),
  );

  async function add(payload: CreatePayload, jobId: string = randomUUID()): Promise<FleetJob> {
    return await fleet.queue.add('create', fleet.signer.sign(jobId, payload), { ...JOB_OPTIONS, jobId });
  }
  async function start(token = 'token'): Promise<FleetJob> {
    const job: FleetJob | undefined = await worker.getNextJob(token, { block: false });
    if (job === undefined) throw new Error('no job waits');
    return job;
  }

  return {
    redis,
    fleet,
    another,
    add,
    start,
    async failed(payload) {
      await add(payload);
      const job = await start();
      await job.moveToFailed(new UnrecoverableError('internal: made to fail'), 'token', false);
      return job;
    },
    close: () => cleanup.run(),
  };
}

export function samplePayload(changes: Partial<CreatePayload> = {}): CreatePayload {
  return { v: 1, kind: 'create', options: sampleOptions(), generation: 0, tries: 8, ...changes };
}

/** A payload for a domain of its own, so that tests in one Redis do not meet. */
export function payloadFor(domain: string, changes: Partial<CreatePayload> = {}): CreatePayload {
  return samplePayload({ options: sampleOptions({ domain }), ...changes });
}
