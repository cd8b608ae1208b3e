import { startServe } from '../src/web/serve.ts';
import { redisAt } from '../test/support/redis-at.ts';
import { silentLog } from '../test/support/test-log.ts';
import { workerConfig } from '../test/support/worker-settings.ts';
import { serveOrder, USAGE_ORDER } from './serve-messages.ts';

// The servers of `cozy-fleet serve` in a process of their own, as there are several behind a balancer.

process.on('message', (message) => {
  void obey(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
// Signals go to the whole group: the benchmark ends us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

async function obey(message: unknown): Promise<void> {
  if (message === USAGE_ORDER) {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1_000 });
    return;
  }
  const { couchUrl, redisUrl, storageRoot } = serveOrder.parse(message);
  const redis = redisAt(redisUrl);
  const config = workerConfig({ couchUrl, redis, storageRoot, prefix: 'bench', concurrency: 1 });
  const { publicPort } = await startServe({
    config,
    log: silentLog(),
    operator: { verify: async () => 'wrong', deriveKey: async () => Buffer.alloc(32) },
    surroundings: {
      source: { env: {}, cwd: '/', home: '/' },
      version: 'bench',
      node: process.versions.node,
      uid: process.getuid?.(),
      now: Date.now,
    },
  });
  process.send?.({ publicPort });
}
