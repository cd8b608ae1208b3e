import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { probeServer } from '../../src/redis/probe.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { testPort } from '../support/test-port.ts';

describe('a look at a Redis', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  /** What speaks for a Redis, and says no more to HELLO than these words. */
  async function speaker(...words: readonly string[]): Promise<string> {
    const hello = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (sent) => {
        for (const [, name = ''] of sent.toString().matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm)) {
          socket.write(name.toLowerCase() === 'hello' ? hello : '+OK\r\n');
        }
      });
    });
    const port = await testPort();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    cleanup.add(server, (each) => void each.close());
    return `redis://127.0.0.1:${port}`;
  }

  for (const words of [['replica', 'x'], ['sentinel'], ['cluster', 'x'], []]) {
    it(`takes neither mode nor role from a greeting that names none: ${words.join(' ') || 'empty'}`, async () => {
      const target = redisAt(await speaker(...words));
      const probed = await probeServer({ target, setting: 'fleet.redis_url', needs: [] });
      expect(probed).to.deep.equal({ isCluster: false, mayAskInfo: true });
    });
  }
});
