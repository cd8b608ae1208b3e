import { Cleanup } from './cleanup.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { until } from './until.ts';

export const MASTER = 'cozy';

/** A master, its replica, and three sentinels that watch over them. */
export interface WatchedRedis {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** Port of whichever Redis the sentinels take for the master. */
  masterPort(): Promise<number>;
  close(): Promise<void>;
}

/** A master counts as down after this time, in milliseconds. */
const DOWN_AFTER = 2_000;

/** @param settings of both Redis servers */
export async function startWatchedRedis(settings: readonly string[] = []): Promise<WatchedRedis> {
  const cleanup = new Cleanup();
  const keep = async (starting: Promise<RedisServer>) => cleanup.add(await starting, (each) => each.close());
  try {
    const master = await keep(startRedisServer({ settings }));
    const follows = ['--replicaof', `127.0.0.1 ${master.port}`];
    const replica = await keep(startRedisServer({ settings: [...settings, ...follows] }));
    const file = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER}`,
      `sentinel failover-timeout ${MASTER} 10000`,
    ].join('\n');
    const sentinels: RedisServer[] = [];
    for (let at = 0; at < 3; at += 1) {
      sentinels.push(await keep(startRedisServer({ settings: ['--sentinel'], file })));
    }
    await until('the sentinels know each other and the replica', async () => {
      const known = await Promise.all(sentinels.map((each) => each.ask('SENTINEL', 'MASTER', MASTER)));
      return known.every(
        (text) => /num-other-sentinels\r\n\$1\r\n2/.test(text) && /num-slaves\r\n\$1\r\n1/.test(text),
      );
    });
    // Sentinels know a replica before it has anything: one that is promoted then has lost all.
    await until('the replica follows', async () =>
      (await replica.ask('INFO', 'replication')).includes('master_link_status:up'),
    );
    return {
      master,
      replica,
      sentinels,
      async masterPort() {
        const answer = await sentinels[0]?.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
        return Number(/\r\n(\d+)\r\n$/.exec(answer ?? '')?.[1]);
      },
      close: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}
