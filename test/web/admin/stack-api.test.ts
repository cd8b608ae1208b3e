import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { OperatorCheck } from '../../../src/web/operator-check.ts';
import { startServe } from '../../../src/web/serve.ts';
import { send } from '../../support/admin-client.ts';
import { redisAt } from '../../support/redis-at.ts';
import { capturingLog } from '../../support/test-log.ts';
import {
  OPERATOR_AUTHORIZATION,
  startTestWeb,
  type TestWeb,
  testOperator,
  testSurroundings,
} from '../../support/web.ts';
import { workerConfig } from '../../support/worker-settings.ts';

/** Nothing listens on that port. */
const NOBODY = '127.0.0.1:1';

const config = workerConfig({
  couchUrl: `http://${NOBODY}`,
  redis: redisAt(`redis://${NOBODY}`),
  storageRoot: '/nowhere',
  prefix: 'fleet',
  concurrency: 1,
});

const basic = (passphrase: string) => `Basic ${Buffer.from(`:${passphrase}`).toString('base64')}`;

describe('the admin API', function () {
  this.timeout(60_000);

  let web: TestWeb;

  before(async () => {
    web = await startTestWeb({ config });
  });

  after(() => web.close());

  /** Sends bytes, and answers all that comes back until the connection ends. */
  const raw = (bytes: string) => rawTo(web.adminPort, bytes);

  async function rawTo(port: number, bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    // Not ended from here: the server would take that for a client that has left.
    socket.write(bytes);
    return await text(socket).catch(() => '');
  }

  describe('lets in', () => {
    const as = (authorization: string, headers = {}) =>
      send(web.adminUrl, 'GET /version', { headers: { authorization, ...headers } });

    it('whoever knows the passphrase, by any name', async () => {
      expect((await as(OPERATOR_AUTHORIZATION)).status).to.equal(200);
      expect((await as(basic('open sesame'))).status).to.equal(200);
    });

    it('nobody without, and asks no browser for it', async () => {
      for (const authorization of ['', 'Basic', 'Basic !!', `Bearer ${basic('open sesame').slice(6)}`]) {
        const { status, headers, json } = await as(authorization);
        expect(status).to.equal(401);
        expect(headers.has('www-authenticate')).to.equal(false);
        expect(json.errors[0]).to.include({ status: '401', title: 'Unauthorized' });
      }
    });

    it('nobody with a wrong one', async () => {
      const { status, json } = await as(basic('open barley'));
      expect(status).to.equal(403);
      expect(json.errors[0]).to.include({ title: 'Forbidden', detail: 'bad passphrase' });
    });

    it('no page of somebody else, though the browser has the passphrase', async () => {
      for (const elsewhere of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://elsewhere.example' },
        { origin: 'null' },
      ]) {
        expect((await as(OPERATOR_AUTHORIZATION, elsewhere)).status, JSON.stringify(elsewhere)).to.equal(401);
      }
      expect((await as(OPERATOR_AUTHORIZATION, { 'sec-fetch-site': 'same-origin' })).status).to.equal(200);
      expect((await as(OPERATOR_AUTHORIZATION, { origin: web.adminUrl })).status).to.equal(200);
    });

    it('nobody for a while who tried too often', async () => {
      const limited: OperatorCheck = { ...testOperator, verify: async () => 'limited' };
      const other = await startTestWeb({ config }, {}, limited);
      try {
        const { status, headers } = await send(other.adminUrl, 'GET /version');
        expect(status).to.equal(429);
        expect(Number(headers.get('retry-after'))).to.be.above(0);
      } finally {
        await other.close();
      }
    });

    it('nobody to any route, known or not', async () => {
      for (const line of [
        'GET /instances',
        'GET /instances/count',
        'PATCH /instances/alice.example.org',
        'POST /instances/token?Domain=alice.example.org&Audience=cli',
        'GET /metrics',
        'GET /nowhere',
        'PUT /nowhere',
      ]) {
        const { status, text: body } = await send(web.adminUrl, line, { headers: { authorization: '' } });
        expect(status, line).to.equal(401);
        expect(body).not.to.include('alice');
      }
    });

    it('nobody by a method or an address that no route has, which are not repeated', async () => {
      for (const [line, status] of [
        ['PROPFIND /<b>', 401],
        ['M-SEARCH /fleet/<b>', 401],
        ['GET /fleet/assets/<b>.css', 401],
        ['GET /%<b>', 400],
        ['GET /fleet/%<b>', 400],
      ] as const) {
        const answer = await raw(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        expect(answer, line).to.match(new RegExp(`^HTTP/1.1 ${status} `));
        expect(answer, line).to.include('nosniff').and.not.to.include('<b>');
      }
    });
  });

  it('says which program answers, as a stack does', async () => {
    const { json } = await send(web.adminUrl, 'GET /version');
    expect(json.version).to.match(/^cozy-fleet \d/);
    expect(json).to.have.all.keys('version', 'build_mode', 'build_time', 'runtime_version');
  });

  it('answers 404 in JSON where there is no such route and no stack behind it', async () => {
    for (const line of [
      'GET /',
      'GET /nowhere',
      'POST /instances/a.example.org/export',
      'DELETE /instances',
    ]) {
      const { status, json } = await send(web.adminUrl, line);
      expect(status, line).to.equal(404);
      expect(json.errors[0]).to.include({ status: '404', title: 'Not Found' });
    }
  });

  it('forbids caches and browsers to make more of its answers', async () => {
    const { headers } = await send(web.adminUrl, 'GET /version');
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('x-content-type-options')).to.equal('nosniff');
    expect(headers.get('content-security-policy')).to.include("default-src 'none'");
  });

  it('answers HEAD without a body', async () => {
    const answer = await send(web.adminUrl, 'HEAD /version');
    expect(answer).to.include({ status: 200, text: '' });
  });

  describe('answers what it cannot read with an error of the client', () => {
    const AUTHORIZED = `Authorization: ${OPERATOR_AUTHORIZATION}\r\nHost: a\r\nConnection: close\r\n\r\n`;

    for (const [what, line] of [
      ['an escape that is none', 'GET /instances/%zz HTTP/1.1'],
      ['half a character', 'GET /instances/%C3 HTTP/1.1'],
      ['a zero byte', 'GET /instances/a%00b HTTP/1.1'],
      ['a slash in a name', 'GET /instances/a%2F..%2Fb HTTP/1.1'],
      ['too many parameters', `PATCH /instances/a.example.org?${'a&'.repeat(500)} HTTP/1.1`],
      ['a method that nobody knows', 'FROB /instances HTTP/1.1'],
      ['headers that never end', `GET /instances?${'a'.repeat(20_000)} HTTP/1.1`],
      ['no HTTP at all', 'hello'],
    ] as const) {
      it(what, async () => {
        const answer = await raw(`${line}\r\n${AUTHORIZED}`);
        expect(answer).to.match(/^HTTP\/1\.1 4\d\d /);
      });
    }

    it('a wish for a tunnel, by ending the connection', async () => {
      expect(await raw(`CONNECT a:1 HTTP/1.1\r\n${AUTHORIZED}`)).to.equal('');
    });

    it('a body that is too large', async () => {
      const { status, json } = await send(web.adminUrl, 'PATCH /instances/a.example.org/feature/flags', {
        body: JSON.stringify({ a: 'a'.repeat(2 ** 21) }),
      });
      expect(status).to.equal(413);
      expect(json.errors).to.have.length(1);
    });
  });

  describe('while CouchDB and Redis are away', () => {
    for (const line of [
      'GET /instances',
      'GET /instances/count',
      'GET /instances/alice.example.org',
      'GET /instances/alice.example.org/prefix',
      'GET /instances/alice.example.org/fsck',
      'PATCH /instances/alice.example.org?Locale=fr',
      'POST /instances/token?Domain=alice.example.org&Audience=cli',
    ]) {
      it(`answers 503 to ${line}`, async () => {
        const { status, headers, json } = await send(web.adminUrl, line);
        expect(status).to.equal(503);
        expect(Number(headers.get('retry-after'))).to.be.above(0);
        expect(json.errors[0]).to.include({ status: '503', title: 'Service Unavailable' });
      });
    }

    it('still tells numbers, of which those of Redis are missing', async () => {
      const { status, text: numbers } = await send(web.adminUrl, 'GET /metrics');
      expect(status).to.equal(200);
      expect(numbers).to.include('cozy_fleet_redis_up 0').and.include('process_resident_memory_bytes');
      expect(numbers).not.to.match(/^cozy_fleet_jobs\{/m);
    });
  });

  it('never writes a query into its log', async () => {
    const lines: string[] = [];
    const log = capturingLog(lines);
    const running = await startServe({
      config,
      log,
      operator: testOperator,
      surroundings: testSurroundings(),
    });
    try {
      const url = `http://127.0.0.1:${running.adminPort}`;
      await send(url, 'PATCH /instances/alice.example.org?Settings=hush:hush&Passphrase=hush');
      await send(url, 'GET /nowhere?registerToken=hush');
      expect(lines.join('')).to.include('request failed');
      expect(lines.join('')).not.to.include('hush');
    } finally {
      await running.close();
    }
  });

  describe('with a stack behind it', () => {
    let stack: Server;
    let behind: TestWeb;
    const seen: { line: string; headers: IncomingMessage['headers']; body: string }[] = [];

    before(async () => {
      stack = createServer(async (request, response) => {
        const { method, url, headers } = request;
        seen.push({ line: `${method} ${url}`, headers, body: await text(request) });
        response.writeHead(207, { 'content-type': 'text/x-odd', 'set-cookie': 'a=b' });
        response.end('from the stack');
      }).listen(0, '127.0.0.1');
      await once(stack, 'listening');
      const address = stack.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      behind = await startTestWeb({ config }, { adminUpstream: `http://127.0.0.1:${port}` });
    });

    beforeEach(() => seen.splice(0));

    after(async () => {
      await behind.close();
      stack.close();
    });

    it('passes on what is none of its own routes, and the answer as it is', async () => {
      const answer = await send(behind.adminUrl, 'POST /instances/a.example.org/export?admin-req=true', {
        headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' },
        body: '{"a":1}',
      });
      expect(answer).to.include({ status: 207, text: 'from the stack' });
      expect(answer.headers.get('set-cookie')).to.equal('a=b');
      expect(seen).to.have.length(1);
      expect(seen[0]).to.include({
        line: 'POST /instances/a.example.org/export?admin-req=true',
        body: '{"a":1}',
      });
      expect(seen[0]?.headers).to.include({
        authorization: OPERATOR_AUTHORIZATION,
        'x-forwarded-for': '127.0.0.1',
        via: '1.1 cozy-fleet',
      });
    });

    it('passes nothing on for those who are not let in', async () => {
      const { status } = await send(behind.adminUrl, 'GET /swift/vfs', {
        headers: { authorization: basic('x') },
      });
      expect(status).to.equal(403);
      expect(seen).to.deep.equal([]);
    });

    it('passes on what a stack keeps beside its instances', async () => {
      for (const path of [
        '/instances/oauth_client?domain=a.example.org&software_id=b',
        '/instances/assets',
      ]) {
        expect(await send(behind.adminUrl, `GET ${path}`), path).to.include({ status: 207 });
        expect(seen.at(-1)).to.include({ line: `GET ${path}` });
      }
    });

    it('does not ask the stack for a leave that the client has been given already', async () => {
      const sent = httpRequest(`${behind.adminUrl}/instances/assets`, {
        method: 'POST',
        headers: { authorization: OPERATOR_AUTHORIZATION, 'content-length': 4, expect: '100-continue' },
      });
      sent.flushHeaders();
      await once(sent, 'continue');
      sent.end('body');
      const [answer] = await once(sent, 'response');
      answer.resume();
      await once(answer, 'end');
      expect(answer.statusCode).to.equal(207);
      expect(seen[0]).to.include({ body: 'body' });
      expect(seen[0]?.headers).not.to.have.property('expect');
    });

    it('keeps its own routes', async () => {
      expect((await send(behind.adminUrl, 'GET /version')).json.version).to.match(/^cozy-fleet/);
      expect(seen).to.deep.equal([]);
    });

    it('passes nothing on that it has passed on already', async () => {
      const { status } = await send(behind.adminUrl, 'GET /swift/vfs', {
        headers: { via: '1.1 cozy-fleet' },
      });
      expect(status).to.equal(508);
      expect(seen).to.deep.equal([]);
    });

    describe('and its web sockets', () => {
      const upgrade = (authorization: string) =>
        `GET /realtime/ HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

      before(() => {
        stack.on('upgrade', (_request, socket) => {
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
          );
          socket.pipe(socket);
        });
      });

      /** Everything that comes until that text is among it, or the connection ends. */
      async function talk(authorization: string, word: string): Promise<string> {
        const socket = connect(behind.adminPort, '127.0.0.1');
        let received = '';
        socket.write(upgrade(authorization));
        for await (const chunk of socket) {
          received += String(chunk);
          if (received.includes('101 ') && !received.includes(word)) socket.write(word);
          if (received.includes(word)) break;
        }
        return received;
      }

      it('passes both directions on', async () => {
        expect(await talk(OPERATOR_AUTHORIZATION, 'echo')).to.match(/^HTTP\/1\.1 101 .*echo$/s);
      });

      it('lets nobody else in', async () => {
        expect(await talk(basic('open barley'), 'echo')).to.match(/^HTTP\/1\.1 403 /);
        expect(await talk('', 'echo')).to.match(/^HTTP\/1\.1 401 /);
      });

      it('passes no web socket on that has come back, or that a page of somebody else opens', async () => {
        const having = (header: string) =>
          rawTo(behind.adminPort, upgrade(`${OPERATOR_AUTHORIZATION}\r\n${header}`));
        expect(await having('Via: 1.1 cozy-fleet')).to.match(/^HTTP\/1\.1 508 /);
        expect(await having('Origin: http://elsewhere.example')).to.match(/^HTTP\/1\.1 401 /);
      });

      it('ends them when it closes', async () => {
        const address = stack.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        const other = await startTestWeb({ config }, { adminUpstream: `http://127.0.0.1:${port}` });
        const socket = connect(other.adminPort, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(upgrade(OPERATOR_AUTHORIZATION));
        await once(socket, 'data');
        const closed = once(socket, 'close');
        await other.close();
        await closed;
      });
    });

    it('answers what offers another protocol as if it had not, by its own routes', async () => {
      const offers = (line: string, protocol: string) =>
        `${line} HTTP/1.1\r\nHost: a\r\nAuthorization: ${OPERATOR_AUTHORIZATION}\r\n` +
        `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMA\r\n\r\n`;
      for (const [line, protocol] of [
        ['GET /version', 'h2c'],
        ['GET /version', 'websocket'],
        ['GET /version?/realtime', 'websocket'],
      ] as const) {
        expect(await rawTo(behind.adminPort, offers(line, protocol)), `${line} ${protocol}`).to.include(
          'cozy-fleet',
        );
      }
      expect(seen).to.deep.equal([]);
      expect(await rawTo(behind.adminPort, offers('GET /swift/vfs', 'h2c'))).to.include('from the stack');
      expect(seen[0]?.headers).not.to.include.keys('upgrade');
    });

    it('passes a body of no told length on as one, with every method', async () => {
      const inner = 'GET /swift/inner HTTP/1.1\r\nHost: a\r\n\r\n';
      await rawTo(
        behind.adminPort,
        `DELETE /swift/outer HTTP/1.1\r\nHost: a\r\nAuthorization: ${OPERATOR_AUTHORIZATION}\r\nConnection: close\r\n` +
          `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      );
      expect(seen.map(({ line, body }) => [line, body])).to.deep.equal([['DELETE /swift/outer', inner]]);
    });

    it('answers 502 in JSON when it is away', async () => {
      const alone = await startTestWeb({ config }, { adminUpstream: `http://${NOBODY}` });
      try {
        const { status, json } = await send(alone.adminUrl, 'GET /swift/vfs');
        expect(status).to.equal(502);
        expect(json.errors[0].title).to.equal('Bad Gateway');
      } finally {
        await alone.close();
      }
    });
  });
});
