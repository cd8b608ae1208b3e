import { expect } from 'chai';
import { withHostBackoff } from '../../../src/apps/fetch/host-backoff.ts';
import { type AppHttp, createAppHttp } from '../../../src/apps/fetch/http.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { until } from '../../support/until.ts';
import { LOCAL } from '../local-hosts.ts';
import { type Route, silence, startWebServer, status, type WebServer } from '../registry-server.ts';

const SECONDS = 5_000;

describe('asking hosts sparingly', () => {
  let server: WebServer;
  let http: AppHttp;
  let time: number;

  beforeEach(async () => {
    server = await startWebServer();
    time = 1_000_000;
    http = withHostBackoff(createAppHttp(LOCAL), SECONDS, () => time);
  });

  afterEach(async () => {
    await http.close();
    await server.close();
  });

  const get = (path: string, signal = new AbortController().signal) =>
    http.get({ url: `${server.url}${path}`, accept: '*/*', signal });

  async function statusOf(path: string): Promise<number> {
    const { status, body } = await get(path);
    body.destroy();
    return status;
  }

  /** Somebody who asks and gives up. */
  async function giveUp(reason: Error, after: number): Promise<void> {
    server.routes.set('/silent', silence);
    const patience = new AbortController();
    const asking = thrownBy(get('/silent', patience.signal));
    await until('it is asked', () => server.asked.length === 1);
    time += after;
    patience.abort(reason);
    expect(await asking).to.equal(reason);
  }

  const late = new DOMException('too late', 'TimeoutError');

  function slowly(route: Route): Route {
    return (request, response) => {
      time += 4_000;
      route(request, response);
    };
  }

  it('waits once for one that says nothing', async () => {
    await giveUp(late, SECONDS);
    expect(await thrownBy(get('/other'))).to.include({
      message: 'did not answer in time, a moment ago',
      kind: 'outage',
    });
    expect(server.asked).to.deep.equal(['/silent']);
  });

  it('asks it again after some seconds', async () => {
    await giveUp(late, SECONDS);
    time += SECONDS;
    server.routes.set('/other', status(204));
    expect(await statusOf('/other')).to.equal(204);
  });

  it('asks it again when somebody gave up for reasons of his own', async () => {
    await giveUp(new Error('cancelled'), SECONDS);
    server.routes.set('/other', status(204));
    expect(await statusOf('/other')).to.equal(204);
  });

  it('waits once for one that fails slowly', async () => {
    server.routes.set('/a', slowly(status(504)));
    expect(await statusOf('/a')).to.equal(504);
    expect(await thrownBy(get('/b'))).to.include({ message: 'answered 504, a moment ago', kind: 'retry' });
  });

  it('asks one again that fails at once, for it holds nobody up', async () => {
    server.routes.set('/a', status(503));
    for (let times = 0; times < 2; times += 1) expect(await statusOf('/a')).to.equal(503);
  });

  it('asks one again that forbids something slowly', async () => {
    server.routes.set('/a', slowly(status(403)));
    for (let times = 0; times < 2; times += 1) expect(await statusOf('/a')).to.equal(403);
  });

  it('leaves one in peace that asks for fewer requests', async () => {
    server.routes.set('/a', status(429));
    expect(await statusOf('/a')).to.equal(429);
    expect(await thrownBy(get('/b'))).to.include({ message: 'answered 429, a moment ago', kind: 'overload' });
    expect(server.asked).to.deep.equal(['/a']);
  });
});
