import { expect } from 'chai';
import { connectCouch } from '../../../src/couchdb/server.ts';
import { reservationDocument } from '../../../src/instances/documents/reservation.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { get, type RawAnswer, rawRequest } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { startTestWeb, type TestWeb } from '../../support/web.ts';

/** Milliseconds. CouchDB is asked again after 7 s where nothing changes (`FOLLOW_TIMES`): what is shown before was told by it. */
const SOON_MS = 5_000;

describe('the public server', () => {
  const cleanup = new Cleanup();
  let fleet: TestFleet;
  let web: TestWeb;
  let ready: string;
  let renamed: string;

  before(async () => {
    fleet = cleanup.add(await startTestFleet({ worker: false }), (each) => each.close());
    ready = fleet.domain('ready');
    renamed = fleet.domain('renamed');
    web = cleanup.add(await startTestWeb(fleet), (each) => each.close());
    await fleet.putInstance({ domain: fleet.domain('onboarding'), register_token: 'c2VjcmV0LXRva2Vu' });
    await fleet.putInstance({ domain: fleet.domain('moved'), moved: true });
    await fleet.putInstance({ domain: fleet.domain('deleting'), deleting: true });
    for (const reason of ['', 'PAYMENT_FAILED', '<script>alert(1)</script>']) {
      const domain = fleet.domain(`blocked${reason.length}`);
      await fleet.putInstance({ domain, blocked: true, blocking_reason: reason });
    }
    const { options } = fleet.parse({ domain: fleet.domain('made') });
    const secrets = { session_secret: 'a', oauth_secret: 'b', cli_secret: 'c' };
    await fleet.putInstance(reservationDocument(options, { secrets, cluster: 0 }));
    await fleet.putInstance({ domain: ready, onboarding_finished: true, old_domain: renamed });
    await until('all is known', async () => (await ask(ready)).status === 200);
  });

  after(() => cleanup.run());

  const ask = (host: string, target?: string, more?: readonly string[]): Promise<RawAnswer> =>
    get(web.publicPort, host, target, more);

  it('answers each host by its state', async () => {
    const expected: Readonly<Record<string, number>> = {
      [ready]: 200,
      [`drive.${ready}`]: 200,
      [fleet.domain('onboarding')]: 200,
      [fleet.domain('moved')]: 410,
      [fleet.domain('deleting')]: 404,
      [fleet.domain('blocked0')]: 503,
      [fleet.domain('blocked14')]: 402,
      [fleet.domain('blocked25')]: 503,
      [fleet.domain('made')]: 503,
      [renamed]: 308,
      [fleet.domain('nobody')]: 404,
    };
    for (const [host, status] of Object.entries(expected)) {
      expect((await ask(host)).status, host).to.equal(status);
    }
  });

  it('answers a closed host alike for any path and method, without reading what is sent', async () => {
    const deleting = fleet.domain('deleting');
    const plain = (await ask(deleting)).body;
    for (const target of [
      '/settings/passphrase',
      '/%',
      '/%c0%af',
      '/a/../b',
      '//x',
      `/?${'q'.repeat(5_000)}`,
    ]) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'PATCH']) {
        const head = [`${method} ${target} HTTP/1.1`, `Host: ${deleting}`, 'Connection: close'];
        const length = method === 'GET' ? [] : ['Content-Type: text/odd', 'Content-Length: 3'];
        const answer = await rawRequest(web.publicPort, [...head, ...length], length.length > 0 ? 'abc' : '');
        expect([answer.status, answer.body], `${method} ${target}`).to.deep.equal([404, plain]);
      }
    }
  });

  it('answers an open host alike for any path that has no route', async () => {
    const { body: page } = await ask(ready);
    expect(page).to.contain('<h1>');
    for (const target of [
      '/nothing',
      '/%',
      '/.cozy-fleet/assets/tsconfig.json',
      '/.cozy-fleet/assets/../x',
    ]) {
      for (const method of ['GET', 'POST', 'LOCK']) {
        const head = [`${method} ${target} HTTP/1.1`, `Host: ${ready}`, 'Connection: close'];
        const { status, body } = await rawRequest(web.publicPort, head);
        // A program that would change something must not believe that it was done.
        expect([status, body], `${method} ${target}`).to.deep.equal([method === 'GET' ? 200 : 404, page]);
      }
    }
  });

  it('answers HEAD with headers alone', async () => {
    for (const [host, status] of [
      [ready, 200],
      [renamed, 308],
      [fleet.domain('nobody'), 404],
    ] as const) {
      const answer = await rawRequest(web.publicPort, [
        'HEAD / HTTP/1.1',
        `Host: ${host}`,
        'Connection: close',
      ]);
      expect([answer.status, answer.body], host).to.deep.equal([status, '']);
    }
  });

  it('says when to come back for what passes by itself', async () => {
    expect((await ask(fleet.domain('made'))).headers).to.include({ 'retry-after': '10' });
  });

  it('leads from a former domain to the new one, with path and query', async () => {
    const { headers, status } = await ask(`drive.${renamed}`, '/a%20b?x=%0d%0aSet-Cookie:y', [
      'X-Forwarded-Proto: http',
    ]);
    expect(status).to.equal(308);
    expect(headers).to.include({
      location: `https://drive.${ready}/a%20b?x=%0d%0aSet-Cookie:y`,
      'cache-control': 'no-store',
    });
    expect((await ask(renamed, '/%zz')).headers).to.include({ location: `https://${ready}/%zz` });
    expect((await ask(renamed, '//evil.org')).headers).to.include({ location: `https://${ready}//evil.org` });
  });

  it('goes by the header Host alone', async () => {
    const more = ['X-Forwarded-Host', 'X-Host', 'Forwarded'].map((name) => `${name}: ${ready}`);
    expect((await ask(fleet.domain('nobody'), '/', more)).status).to.equal(404);
  });

  it('refuses what does not say for whom it is', async () => {
    const odd: Readonly<Record<string, readonly string[]>> = {
      'two hosts': ['GET / HTTP/1.1', `Host: ${ready}`, `Host: ${ready}`],
      'two hosts, the second empty': ['GET / HTTP/1.1', `Host: ${ready}`, 'Host:'],
      'no host': ['GET / HTTP/1.1', 'Connection: close'],
      'no host in an older version': ['GET / HTTP/1.0'],
      'an empty host': ['GET / HTTP/1.1', 'Host:', 'Connection: close'],
      'an absolute target': [`GET http://${ready}/ HTTP/1.1`, `Host: ${ready}`],
      'a target of no path': ['OPTIONS * HTTP/1.1', `Host: ${ready}`],
      nonsense: ['\u0000\u0001'],
      'a header beyond all measure': ['GET / HTTP/1.1', `Host: ${ready}`, `X: ${'x'.repeat(20_000)}`],
    };
    for (const [name, head] of Object.entries(odd)) {
      const { status, text } = await rawRequest(web.publicPort, [...head, 'Connection: close']);
      expect(status, name).to.be.oneOf([400, 431]);
      expect(text, name).not.to.contain(ready);
    }
    const tunnel = await rawRequest(web.publicPort, [`CONNECT ${ready}:443 HTTP/1.1`, `Host: ${ready}`]);
    expect(tunnel.status).to.equal(400);
    expect((await ask(ready)).status).to.equal(200);
  });

  it('repeats nothing of a host or a path', async () => {
    for (const host of ['<script>alert(7)</script>', `"onload="alert(7).${ready}`, 'alert(7)']) {
      const { text, status } = await ask(host, '/<script>alert(7)');
      expect(status, host).to.be.oneOf([404, 200, 400]);
      expect(text, host).not.to.contain('alert(7)');
    }
  });

  it('tells browsers to load and to run nothing but ours, and to keep nothing', async () => {
    for (const host of [ready, fleet.domain('nobody'), renamed]) {
      const { headers } = await ask(host);
      expect(headers['content-security-policy'], host).to.contain("default-src 'none'");
      expect(headers['content-security-policy'], host).not.to.contain('unsafe');
      expect(headers['content-security-policy'], host).not.to.contain('upgrade-insecure-requests');
      expect(headers, host).to.include({
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      });
      expect(headers, host).not.to.have.any.keys('strict-transport-security', 'x-powered-by', 'server');
    }
  });

  it('lets a form lead to the instance, by whichever name it was asked for', async () => {
    const policy = (await ask(`drive.${ready}`)).headers['content-security-policy'];
    expect(policy).to.match(new RegExp(`form-action 'self' https://${ready.replaceAll('.', '[.]')}(;|$)`));
    const unknown = (await ask(fleet.domain('nobody'))).headers['content-security-policy'];
    expect(unknown).to.match(/form-action 'self'(;|$)/);
  });

  it('stays up when clients send half a request and leave', async () => {
    const half = ['POST / HTTP/1.1', `Host: ${ready}`, 'Content-Length: 1000', 'Connection: close'];
    expect((await rawRequest(web.publicPort, half, 'x')).status).to.equal(404);
    expect((await ask(ready)).status).to.equal(200);
  });

  it('shows a change of state soon, not when all is read again', async () => {
    const domain = fleet.domain('changes');
    const stored = await fleet.putInstance({ domain, onboarding_finished: true });
    await until('it is there', async () => (await ask(domain)).status === 200);
    const begun = performance.now();
    await fleet.server.putDocument(INSTANCES, { ...stored, blocked: true });
    await until('it is blocked', async () => (await ask(domain)).status === 503);
    expect(performance.now() - begun).to.be.below(SOON_MS);
  });
});

describe('the public server without CouchDB', () => {
  it('answers 503, and comes back by itself', async () => {
    const cleanup = new Cleanup();
    try {
      const fleet = cleanup.add(await startTestFleet({ worker: false }), (each) => each.close());
      if (fleet.couch.real) return;
      const domain = fleet.domain('back');
      await fleet.putInstance({ domain, onboarding_finished: true });
      await fleet.couch.stop();
      const web = cleanup.add(await startTestWeb(fleet), (each) => each.close());
      const { status, headers } = await get(web.publicPort, domain);
      expect(status).to.equal(503);
      expect(headers).to.include({ 'retry-after': '10' });
      await fleet.couch.start();
      await until('it is back', async () => (await get(web.publicPort, domain)).status === 200);
      const far = cleanup.add(connectCouch({ url: fleet.couch.url, connections: 1 }), (each) => each.close());
      expect(await far.databaseExists(INSTANCES)).to.equal(true);
    } finally {
      await cleanup.run();
    }
  });
});
