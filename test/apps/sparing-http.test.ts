import { expect } from 'chai';
import { type AppHttp, createAppHttp } from '../../src/apps/http.ts';
import { sparingHttp } from '../../src/apps/sparing-http.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';
import { silence, startWebServer, type WebServer } from './registry-server.ts';

describe('asking hosts sparingly', () => {
  let server: WebServer;
  let http: AppHttp;

  beforeEach(async () => {
    server = await startWebServer();
    http = sparingHttp(createAppHttp(), 5_000, () => 0);
  });

  afterEach(async () => {
    await http.close();
    await server.close();
  });

  it('waits once for one that says nothing', async () => {
    server.routes.set('/', silence);
    const get = (signal: AbortSignal) => http.get({ url: `${server.url}/`, accept: '*/*', signal });
    const patience = new AbortController();
    const first = thrownBy(get(patience.signal));
    await until('it is asked', () => server.asked.length === 1);
    patience.abort(new DOMException('too late', 'TimeoutError'));
    expect(await first).to.include({ name: 'TimeoutError' });
    expect(await thrownBy(get(new AbortController().signal))).to.include({
      message: 'did not answer in time, a moment ago',
      kind: 'outage',
    });
    expect(server.asked).to.deep.equal(['/']);
  });
});
