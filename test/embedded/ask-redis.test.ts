import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { askRedis, isRedisReady } from '../../src/embedded/ask-redis.ts';
import { testPort } from '../support/test-port.ts';

/** Answers whatever is asked with these chunks, one packet each. */
async function answering(chunks: readonly string[]): Promise<{ server: Server; port: number }> {
  const port = await testPort();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', async () => {
      for (const chunk of chunks) {
        socket.write(chunk);
        await delay(30);
      }
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port };
}

describe('one question to a Redis', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
    server = undefined;
  });

  async function ask(...chunks: string[]): Promise<unknown> {
    const started = await answering(chunks);
    server = started.server;
    return await askRedis(started.port, ['INFO', 'server']);
  }

  it('is answered with the whole reply, in however many packets it comes', async () => {
    expect(await ask('$31\r\nredis_', 'version:7\r\nproc', 'ess_id:1\r', '\n\r\n')).to.equal(
      'redis_version:7\r\nprocess_id:1\r\n',
    );
  });

  it('is not answered by a reply that is cut off', async () => {
    const started = await answering(['$26\r\nredis_']);
    server = started.server;
    started.server.once('connection', (socket) => setTimeout(() => socket.destroy(), 100));
    expect(await askRedis(started.port, ['INFO', 'server'])).to.equal(undefined);
  });

  it('is not answered by an error', async () => {
    expect(await ask('-LOADING Redis is loading the dataset in memory\r\n')).to.equal(undefined);
  });

  it('is not answered where nobody listens', async () => {
    expect(await askRedis(await testPort(), ['PING'])).to.equal(undefined);
  });

  it('says whether it is ready', async () => {
    const ready = await answering(['+PO', 'NG\r\n']);
    server = ready.server;
    expect(await isRedisReady(ready.port)).to.equal(true);
  });
});
