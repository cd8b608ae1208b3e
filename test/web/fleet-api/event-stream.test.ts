import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { EventStream } from '../../../src/web/fleet-api/event-stream.ts';
import { until } from '../../support/until.ts';

const LIMITS = { heartbeatMs: 20, patienceMs: 100 };

/** Far more than the buffers of sockets take. */
const LARGE = JSON.stringify('x'.repeat(4 * 1024 * 1024));

describe('a stream of events', () => {
  let stream: EventStream;

  beforeEach(() => {
    stream = new EventStream(LIMITS);
  });

  afterEach(() => stream.destroy());

  async function allOf(): Promise<string> {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  }

  it('says what it is told, and then its end', async () => {
    stream.tell({ event: 'batch', id: '7', data: '{"a":1}' });
    stream.finish();
    const text = await allOf();
    expect(text).to.match(
      /^retry: \d+\n\nevent: batch\nid: 7\ndata: \{"a":1\}\n\nevent: end\ndata: \{\}\n\n$/,
    );
  });

  it('takes nothing more once it has ended', async () => {
    stream.finish();
    stream.tell({ event: 'batch', id: '8', data: '{}' });
    stream.finish();
    expect(await allOf()).not.to.include('id: 8');
  });

  it('leaves out what is old when its reader is slow, but never the newest', async () => {
    for (let at = 1; at <= 50; at += 1) stream.tell({ event: 'batch', id: String(at), data: LARGE });
    stream.finish();
    const ids = [...(await allOf()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
    expect(ids).to.deep.equal(['1', '50']);
  });

  it('is dropped when its client reads nothing', async () => {
    const server = createServer((_request, answer) => void stream.pipe(answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
    client.on('error', () => undefined);
    try {
      client.pause();
      client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      for (let at = 0; at < 8; at += 1) {
        stream.tell({ event: 'batch', id: String(at), data: LARGE });
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until('it was dropped', () => stream.destroyed);
    } finally {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is dropped when its end is not read', async () => {
    stream.finish();
    await until('it was dropped', () => stream.destroyed);
  });
});
