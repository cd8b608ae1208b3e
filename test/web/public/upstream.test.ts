import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import punycode from 'punycode/punycode.js';
import { reservationDocument } from '../../../src/instances/documents/reservation.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type EchoStack, startEchoStack } from '../../support/echo-stack.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { get, rawRequest, readAnswer } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

describe('a public server beside a running stack', () => {
  const cleanup = new Cleanup();
  let fleet: TestFleet;
  let stack: EchoStack;
  let web: TestWeb;
  let ready: string;

  before(async () => {
    fleet = cleanup.add(await startTestFleet({ worker: false }), (each) => each.close());
    stack = await startEchoStack({
      '/slow': (_request, answer) => void answer.write('begun\n'),
      '/cut': (_request, answer) => {
        answer.writeHead(200, { 'content-length': '100' });
        answer.write('half', () => answer.destroy());
      },
      '/headers': (_request, answer) => {
        answer.writeHead(418, 'Own words', {
          'set-cookie': ['a=1', 'b=2'],
          'content-security-policy': 'own',
          'keep-alive': 'timeout=5',
          'x-own': 'yes',
        });
        answer.end('own');
      },
    });
    cleanup.add(stack, (each) => each.close());
    web = cleanup.add(await startTestWeb(fleet, { upstream: stack.origin }), (each) => each.close());
    ready = fleet.domain('ready');
    const { options } = fleet.parse({ domain: fleet.domain('made') });
    const secrets = { session_secret: 'a', oauth_secret: 'b', cli_secret: 'c' };
    await fleet.putInstance(reservationDocument(options, { secrets, cluster: 0 }));
    await fleet.putInstance({ domain: fleet.domain('moved'), moved: true });
    await fleet.putInstance({ domain: fleet.domain('blocked'), blocked: true });
    await fleet.putInstance({ domain: fleet.domain('onboarding') });
    await fleet.putInstance({ domain: ready, onboarding_finished: true, old_domain: fleet.domain('old') });
    const deleting = fleet.domain('deleting');
    await fleet.putInstance({ domain: deleting, deleting: true });
    await until('all is known', async () => (await get(web.publicPort, deleting)).status === 404);
  });

  after(() => cleanup.run());

  const last = () => stack.arrived.at(-1);

  /** Opens a web socket by hand, and answers when something has come back. */
  function openSocket(host: string, more: readonly string[] = []): Socket {
    const socket = connect({ port: web.publicPort, host: '127.0.0.1' });
    const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: eA==', ...more];
    socket.write([`GET /realtime/?x=1 HTTP/1.1`, `Host: ${host}`, ...handshake, '', ''].join('\r\n'));
    return socket;
  }

  it('keeps hosts from the stack that CouchDB would take for an instance which we do not find', async () => {
    const before = stack.arrived.length;
    for (const name of ['dele\u00adting', 'de\u034fleting', 'm\u00adade']) {
      const host = `xn--${punycode.encode(fleet.domain(name).split('.')[0] ?? '')}`;
      const asked = fleet.domain(name).replace(/^[^.]*/, host);
      expect((await get(web.publicPort, asked)).status, asked).to.equal(404);
      expect((await readAnswer(openSocket(asked))).status, asked).to.equal(404);
    }
    expect(stack.arrived.length).to.equal(before);
  });

  it('keeps instances that are being made or removed from the stack, and their applications', async () => {
    const before = stack.arrived.length;
    for (const [name, status] of [
      ['made', 503],
      ['deleting', 404],
    ] as const) {
      for (const host of [fleet.domain(name), `drive.${fleet.domain(name)}`]) {
        expect((await get(web.publicPort, host, '/settings/passphrase')).status, host).to.equal(status);
      }
    }
    expect(stack.arrived.length).to.equal(before);
  });

  it('leaves every other host to the stack', async () => {
    for (const name of ['ready', 'moved', 'blocked', 'onboarding', 'old', 'nobody']) {
      const { status } = await get(web.publicPort, fleet.domain(name), '/own?x=1');
      expect(status, name).to.equal(200);
      expect(last(), name).to.deep.include({ url: '/own?x=1' });
      expect(last()?.headers.host, name).to.equal(fleet.domain(name));
    }
  });

  it('hands on a target as it came', async () => {
    for (const target of [
      '/a/../b',
      '//x//y',
      '/%zz',
      '/a%2Fb?c=%20&d',
      '/?',
      '/.cozy-fleet/assets/pages.css',
    ]) {
      await get(web.publicPort, ready, target);
      expect(last()?.url, target).to.be.oneOf([target, target.replace(/[?]$/, '')]);
    }
  });

  it('says itself who the client is, and keeps what is of the application', async () => {
    const more = [
      'X-Forwarded-For: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.org',
      'X-Forwarded-Port: 1',
      'X-Real-Ip: 203.0.113.9',
      'Forwarded: for=203.0.113.9',
      'Accept-Version: 2',
      'Cookie: a=b',
      'Authorization: Bearer x',
      'X-Hop: hop',
      'Connection: X-Hop, Host',
    ];
    await rawRequest(web.publicPort, ['GET / HTTP/1.0', `Host: ${ready}`, ...more]);
    const headers = last()?.headers ?? {};
    expect(headers).to.include({
      host: ready,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': ready,
      'accept-version': '2',
      cookie: 'a=b',
      authorization: 'Bearer x',
    });
    expect(headers).not.to.have.any.keys('x-forwarded-port', 'x-real-ip', 'forwarded', 'x-hop');
    expect(headers.via).to.match(/^1\.1 cozy-fleet-[0-9a-f]{12}$/);
  });

  it('adds nothing to what the stack answers', async () => {
    const { status, headers, text } = await get(web.publicPort, ready, '/headers');
    expect(status).to.equal(418);
    expect(text).to.contain('418 Own words').and.contain('set-cookie: a=1').and.contain('set-cookie: b=2');
    expect(headers).to.include({ 'content-security-policy': 'own', 'x-own': 'yes' });
    expect(headers).not.to.have.any.keys('referrer-policy', 'keep-alive', 'cache-control');
  });

  it('passes bodies of any size and of no told size, with every method', async () => {
    const body = randomBytes(3 * 1024 * 1024);
    const digest = createHash('sha256').update(body).digest('hex');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      for (const isTold of [true, false]) {
        const headers = { host: ready, ...(isTold && { 'content-length': body.length }) };
        const sent = httpRequest({
          port: web.publicPort,
          host: '127.0.0.1',
          method,
          headers,
          path: '/files',
        });
        // Without a length Node sends no body with some methods, unless it is told that it comes in pieces.
        if (!isTold) sent.setHeader('transfer-encoding', 'chunked');
        sent.end(body);
        const [answer] = await once(sent, 'response');
        answer.resume();
        await once(answer, 'end');
        expect(last(), `${method} ${isTold}`).to.include({ method, bytes: body.length, digest });
      }
    }
  });

  it('does not ask the stack for a leave that the client has been given already', async () => {
    const sent = httpRequest({
      port: web.publicPort,
      host: '127.0.0.1',
      method: 'POST',
      headers: { host: ready, 'content-length': 4, expect: '100-continue' },
    });
    sent.flushHeaders();
    await once(sent, 'continue');
    sent.end('body');
    const [answer] = await once(sent, 'response');
    answer.resume();
    await once(answer, 'end');
    expect(answer.statusCode).to.equal(200);
    expect(last()).to.include({ method: 'POST', bytes: 4 });
    expect(last()?.headers).not.to.have.property('expect');
  });

  it('hands on an answer as it comes, and gives up what the client has given up', async () => {
    const sent = httpRequest({
      port: web.publicPort,
      host: '127.0.0.1',
      path: '/slow',
      headers: { host: ready },
    });
    sent.on('error', () => undefined);
    sent.end();
    const [answer] = await once(sent, 'response');
    answer.on('error', () => undefined);
    const [chunk] = await once(answer, 'data');
    expect(String(chunk)).to.equal('begun\n');
    const before = stack.abandoned;
    sent.destroy();
    await until('the stack has noticed', () => stack.abandoned > before);
  });

  it('cuts an answer that the stack has cut', async () => {
    const { status, body } = await get(web.publicPort, ready, '/cut');
    expect([status, body]).to.deep.equal([200, 'half']);
  });

  it('refuses what has come by it before', async () => {
    await get(web.publicPort, ready);
    const via = last()?.headers.via ?? '';
    const before = stack.arrived.length;
    expect((await get(web.publicPort, ready, '/', [`Via: 1.0 other, ${via}`])).status).to.equal(508);
    expect((await get(web.publicPort, ready, '/', ['Via: 1.1 cozy-fleet-other'])).status).to.equal(200);
    expect((await readAnswer(openSocket(ready, [`Via: ${via}`]))).status).to.equal(508);
    expect(stack.arrived.length).to.equal(before + 1);
  });

  it('pipes web sockets both ways, with all headers', async () => {
    const socket = openSocket(ready, ['Cookie: a=b', 'Sec-WebSocket-Protocol: io.cozy.websocket']);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    await until('it is open', () => text.includes('\r\n\r\n'));
    expect(text)
      .to.match(/^HTTP\/1\.1 101 /)
      .and.match(/x-own: yes/i);
    expect(last()).to.deep.include({ url: '/realtime/?x=1' });
    expect(last()?.headers).to.include({
      host: ready,
      upgrade: 'websocket',
      connection: 'Upgrade',
      cookie: 'a=b',
      'sec-websocket-protocol': 'io.cozy.websocket',
      'x-forwarded-host': ready,
    });
    socket.write('hello there');
    await until('it comes back', () => text.endsWith('hello there'));
    socket.destroy();
  });

  it('refuses web sockets of instances that are being made or removed', async () => {
    const before = stack.arrived.length;
    const made = await readAnswer(openSocket(fleet.domain('made')));
    expect(made.status).to.equal(503);
    expect(made.headers).to.include({ 'retry-after': '10' });
    expect((await readAnswer(openSocket(fleet.domain('deleting')))).status).to.equal(404);
    expect((await readAnswer(openSocket(ready, [`Host: ${ready}`]))).status).to.equal(400);
    expect(stack.arrived.length).to.equal(before);
  });

  it('answers what offers another protocol as if it had not', async () => {
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const { status } = await rawRequest(web.publicPort, ['GET /own HTTP/1.1', `Host: ${ready}`, ...offer]);
    expect(status).to.equal(200);
    expect(last()?.headers).not.to.have.any.keys('upgrade');
    const kept = await rawRequest(web.publicPort, [
      'GET / HTTP/1.1',
      `Host: ${fleet.domain('made')}`,
      ...offer,
    ]);
    expect(kept.status).to.equal(503);
    const post = ['POST / HTTP/1.1', `Host: ${ready}`, ...offer, 'Content-Length: 3'];
    expect((await rawRequest(web.publicPort, post, 'abc')).status).to.equal(501);
  });

  it('closes at once, with web sockets that are open', async () => {
    const other = await startTestWeb(fleet, { upstream: stack.origin });
    const socket = connect({ port: other.publicPort, host: '127.0.0.1' });
    socket.write(`GET / HTTP/1.1\r\nHost: ${ready}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await once(socket, 'data');
    const begun = performance.now();
    await Promise.all([other.close(), once(socket, 'close')]);
    expect(performance.now() - begun).to.be.below(5_000);
  });

  it('answers 503 where the stack is away, to web sockets too', async () => {
    const gone = await startEchoStack();
    await gone.close();
    const other = cleanup.add(await startTestWeb(fleet, { upstream: gone.origin }), (each) => each.close());
    const { status, headers } = await get(other.publicPort, ready);
    expect(status).to.equal(503);
    expect(headers).to.include({ 'retry-after': '10' });
    const socket = connect({ port: other.publicPort, host: '127.0.0.1' });
    socket.write(`GET / HTTP/1.1\r\nHost: ${ready}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    expect((await readAnswer(socket)).status).to.equal(503);
  });

  it('refuses what does not say for whom it is', async () => {
    const before = stack.arrived.length;
    const head = ['GET / HTTP/1.1', `Host: ${ready}`, `Host: ${fleet.domain('made')}`];
    expect((await rawRequest(web.publicPort, [...head, 'Connection: close'])).status).to.equal(400);
    const absolute = [`GET http://${fleet.domain('made')}/ HTTP/1.1`, `Host: ${ready}`, 'Connection: close'];
    expect((await rawRequest(web.publicPort, absolute)).status).to.equal(400);
    expect(stack.arrived.length).to.equal(before);
  });
});
