import { subscribe } from 'node:diagnostics_channel';
import type { z } from 'zod';
import { toError } from '../src/errors.ts';
import { openLog } from '../src/logger.ts';
import { type ConnectedWorker, connectWorker } from '../src/workers/connect.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { workerConfig } from '../test/support/worker-settings.ts';
import { type WorkerAnswer, workerOrder } from './worker-messages.ts';

// A worker in a process of its own, so that its CPU is nobody else's.

/** Never below its low mark: filling has its own place in each round. */
const FILLED_BY_ORDER = { size: 1, low: 0, reserve: 0 };

let worker: ConnectedWorker | undefined;
let requests = 0;

// Counted where Node and undici announce them: nothing of the worker is changed for it.
for (const channel of ['http.client.request.start', 'undici:request:create']) {
  subscribe(channel, () => {
    requests += 1;
  });
}

process.on('message', (message) => {
  obey(workerOrder.parse(message)).catch((error) =>
    tell({ kind: 'failed', message: toError(error).message }),
  );
});
// Signals go to the whole group: the benchmark stops us once its batch has ended.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

async function obey(order: z.infer<typeof workerOrder>): Promise<void> {
  switch (order.kind) {
    case 'start': {
      const log = openLog({ format: 'text', level: 'warn', stream: process.stderr });
      const { couchUrl, redisUrl, storageRoot, prefix, concurrency, connections, hasPool } = order;
      const redis = redisAt(redisUrl);
      const pool = hasPool ? FILLED_BY_ORDER : undefined;
      const settings = { couchUrl, redis, storageRoot, prefix, concurrency, connections, pool };
      const config = workerConfig(settings);
      worker = await connectWorker({ config, log });
      return tell({ kind: 'ready' });
    }
    case 'usage': {
      const { user, system } = process.cpuUsage();
      return tell({ kind: 'usage', user: user / 1000, system: system / 1000, requests });
    }
    case 'stop':
      await worker?.stop();
      tell({ kind: 'stopped' });
      process.disconnect();
  }
}

function tell(answer: WorkerAnswer): void {
  process.send?.(answer);
}
