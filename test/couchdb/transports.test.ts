import { once } from 'node:events';
import * as http from 'node:http';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createConnector } from '../../src/couchdb/tls.ts';
import type { Transport } from '../../src/couchdb/transport.ts';
import { listeningOn } from '../support/listening-on.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { TRANSPORTS } from '../support/transports.ts';
import { until } from '../support/until.ts';

const MINUTE = 60_000;

for (const [name, createTransport] of TRANSPORTS) {
  describe(`a transport, ${name}`, () => {
    const closing: (() => unknown)[] = [];

    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    interface Heard {
      readonly requests: http.IncomingMessage[];
      readonly sockets: Set<unknown>;
      readonly server: http.Server;
    }

    async function listen(
      answer: http.RequestListener,
      host = '127.0.0.1',
    ): Promise<Heard & { url: string }> {
      const requests: http.IncomingMessage[] = [];
      const sockets = new Set<unknown>();
      const server = http.createServer((request, response) => {
        requests.push(request);
        sockets.add(request.socket);
        answer(request, response);
      });
      const port = await listeningOn(server, host);
      closing.push(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      });
      const shown = host.includes(':') ? `[${host}]` : host;
      return { requests, sockets, server, url: `http://${shown}:${port}` };
    }

    function transportTo(url: string, connections = 2): Transport {
      const transport = createTransport({ url, connections, connect: createConnector(undefined) });
      closing.push(() => transport.close());
      return transport;
    }

    const yes: http.RequestListener = (_request, response) => void response.end('{"ok":true}');

    it('sends user, password and path of the URL, and a body as JSON', async () => {
      const bodies: string[] = [];
      const { requests, url } = await listen((request, response) => {
        let text = '';
        request.on('data', (chunk) => {
          text += chunk;
        });
        request.on('end', () => {
          bodies.push(text);
          yes(request, response);
        });
      });
      const transport = transportTo(`${url.replace('://', '://me:p%40ss@')}/couch/`);
      await transport.send('PUT', '/é?q=1'.replace('é', '%C3%A9'), MINUTE, { é: 1 });
      await transport.send('PUT', '/empty', MINUTE);
      await transport.send('DELETE', '/gone', MINUTE);
      const [put, empty, gone] = requests;
      expect(put?.url).to.equal('/couch/%C3%A9?q=1');
      expect(put?.headers).to.include({
        host: new URL(url).host,
        authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
        accept: 'application/json',
        'cache-control': 'no-cache',
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength('{"é":1}')),
      });
      expect(empty?.headers).to.include({ 'content-length': '0' }).and.not.have.property('content-type');
      expect(gone?.headers).to.not.have.any.keys('content-length', 'transfer-encoding');
      expect(bodies).to.deep.equal(['{"é":1}', '', '']);
    });

    it('tells what was answered: status, type, length, how long to wait', async () => {
      const { url } = await listen((_request, response) => {
        response.writeHead(503, { 'content-type': 'text/html; charset=utf-8', 'retry-after': '7' });
        response.write('<p>');
        response.end('é</p>');
      });
      const exchange = await transportTo(url).send('GET', '/', MINUTE);
      const told = { status: 503, type: 'text/html', length: 9, retryAfter: 7_000 };
      expect(exchange).to.deep.equal({ ...told, body: undefined });
    });

    it('puts a JSON body together of all its pieces', async () => {
      const value = { long: 'é'.repeat(100_000) };
      const { url } = await listen((_request, response) => void response.end(JSON.stringify(value)));
      expect(await transportTo(url).send('GET', '/', MINUTE)).to.deep.include({ body: value });
    });

    it('talks to an address of IPv6', async () => {
      const { url } = await listen(yes, '::1');
      expect(await transportTo(url).send('GET', '/', MINUTE)).to.include({ status: 200 });
    });

    it('follows no redirect', async () => {
      const { requests, url } = await listen((_request, response) => {
        response.writeHead(302, { location: '/elsewhere' });
        response.end();
      });
      expect(await transportTo(url).send('GET', '/', MINUTE)).to.include({ status: 302 });
      expect(requests).to.have.length(1);
    });

    it('uses a connection again', async () => {
      const { sockets, url } = await listen(yes);
      const transport = transportTo(url);
      for (const path of ['/a', '/b', '/c']) await transport.send('GET', path, MINUTE);
      expect(sockets.size).to.equal(1);
    });

    it('takes another connection for a write when the server has closed the one it had', async () => {
      const { sockets, requests, server, url } = await listen(yes);
      const transport = transportTo(url, 1);
      for (const round of [1, 2, 3]) {
        await transport.send('PUT', `/${round}`, MINUTE, { round });
        const [socket] = [...sockets].slice(-1);
        server.closeIdleConnections();
        await until(
          'the server has closed it',
          () => socket instanceof Object && 'destroyed' in socket && socket.destroyed === true,
        );
        // What the server said by it has to arrive.
        await setImmediate();
        await setImmediate();
      }
      expect(requests).to.have.length(3);
      expect(sockets.size).to.equal(3);
    });

    it('sends a write once that is answered by the end of the connection', async () => {
      const { requests, url } = await listen((request, response) => {
        if (request.url === '/fine') yes(request, response);
        else request.socket.destroy();
      });
      const transport = transportTo(url, 1);
      await transport.send('GET', '/fine', MINUTE);
      expect(await thrownBy(transport.send('PUT', '/db', MINUTE))).to.be.instanceOf(Error);
      expect(requests.map((each) => each.url)).to.deep.equal(['/fine', '/db']);
      expect(await transport.send('GET', '/fine', MINUTE)).to.include({ status: 200 });
    });

    it('has no more connections than it may, and keeps the others waiting', async () => {
      const held: http.ServerResponse[] = [];
      const { sockets, url } = await listen((_request, response) => void held.push(response));
      const transport = transportTo(url, 2);
      const answers = Array.from({ length: 5 }, (_, at) => transport.send('GET', `/${at}`, MINUTE));
      await until('two are held', () => held.length === 2);
      for (let answered = 0; answered < 5; answered += 1) {
        await until('one is held', () => held.length > 0);
        held.shift()?.end('{}');
      }
      expect((await Promise.all(answers)).map(({ status }) => status)).to.deep.equal(Array(5).fill(200));
      expect(sockets.size).to.equal(2);
    });

    it('counts no silence while a request waits for a connection', async () => {
      const held: http.ServerResponse[] = [];
      const { url } = await listen((request, response) => {
        if (request.url === '/slow') held.push(response);
        else yes(request, response);
      });
      const transport = transportTo(url, 1);
      const slow = transport.send('GET', '/slow', MINUTE);
      await until('it is held', () => held.length === 1);
      const next = transport.send('GET', '/next', 100);
      await sleep(300);
      held[0]?.end('{}');
      expect(await slow).to.include({ status: 200 });
      expect(await next).to.include({ status: 200 });
    });

    it('gives a silent server up, before its answer or amid it', async () => {
      const { url } = await listen((request, response) => {
        if (request.url === '/amid') response.write('{"a":');
      });
      const transport = transportTo(url);
      for (const path of ['/', '/amid']) {
        expect(await thrownBy(transport.send('GET', path, 100))).to.have.property(
          'message',
          'no answer within 100 ms',
        );
      }
    });

    it('waits on for an answer that comes in drops', async () => {
      const { url } = await listen((_request, response) => {
        let left = 6;
        const timer = setInterval(() => {
          left -= 1;
          if (left > 0) return void response.write(' ');
          clearInterval(timer);
          response.end('{}');
        }, 100);
      });
      expect(await transportTo(url).send('GET', '/', 400)).to.include({ status: 200, length: 7 });
    });

    it('ends with the reason of its signal, wherever the request is, and is of use afterwards', async () => {
      const { requests, url } = await listen((request, response) => {
        if (request.url === '/fine') yes(request, response);
        if (request.url === '/amid') response.write('{"a":');
      });
      const transport = transportTo(url, 1);
      for (const path of ['/', '/amid']) {
        const controller = new AbortController();
        const reason = new Error('enough');
        const asked = requests.length;
        const sent = thrownBy(transport.send('GET', path, MINUTE, undefined, controller.signal));
        const behind = thrownBy(transport.send('GET', '/behind', MINUTE, undefined, controller.signal));
        await until('it is there', () => requests.length > asked);
        controller.abort(reason);
        expect(await sent).to.equal(reason);
        expect(await behind).to.equal(reason);
        expect(await transport.send('GET', '/fine', MINUTE)).to.include({ status: 200 });
      }
      expect(requests.map((each) => each.url)).to.deep.equal(['/', '/fine', '/amid', '/fine']);
    });

    it('sends nothing for a signal that was aborted before', async () => {
      const { requests, url } = await listen(yes);
      const reason = new Error('before');
      const signal = AbortSignal.abort(reason);
      expect(await thrownBy(transportTo(url).send('GET', '/', MINUTE, undefined, signal))).to.equal(reason);
      expect(requests).to.have.length(0);
    });

    it('lets what is under way fail when it is closed', async () => {
      const { requests, url } = await listen(() => undefined);
      const transport = transportTo(url);
      const sent = thrownBy(transport.send('GET', '/', MINUTE));
      await until('it is there', () => requests.length === 1);
      transport.close();
      expect(await sent).to.be.instanceOf(Error);
    });

    it('says that nobody is there', async () => {
      const { server, url } = await listen(yes);
      server.close();
      await once(server, 'close');
      closing.pop();
      expect(await thrownBy(transportTo(url).send('GET', '/', MINUTE))).to.have.property(
        'code',
        'ECONNREFUSED',
      );
    });
  });
}
