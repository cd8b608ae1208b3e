import { expect } from 'chai';
import { type AppHttp, createAppHttp, HttpFailure } from '../../../src/apps/fetch/http.ts';
import { InputError } from '../../../src/errors.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { LOCAL } from '../local-hosts.ts';
import { type ProxyServer, startProxyServer } from '../proxy-server.ts';
import { json, startWebServer, type WebServer } from '../registry-server.ts';

describe('requests for applications', () => {
  let proxy: ProxyServer;
  let server: WebServer;
  let http: AppHttp | undefined;

  beforeEach(async () => {
    proxy = await startProxyServer('"from the proxy"');
    server = await startWebServer();
    server.routes.set('/x', json('from the server'));
  });

  afterEach(async () => {
    await http?.close();
    http = undefined;
    await server.close();
    await proxy.close();
  });

  async function get(url: string, environment: Record<string, string>): Promise<unknown> {
    http = createAppHttp(LOCAL, 10_000, environment);
    const { body } = await http.get({ url, accept: '*/*', signal: new AbortController().signal });
    let text = '';
    for await (const chunk of body) text += String(chunk);
    return JSON.parse(text);
  }

  it('go by way of the proxy that the environment names', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy']) {
      expect(await get('http://registry.invalid/x', { [name]: proxy.url })).to.equal('from the proxy');
      await http?.close();
    }
    expect(proxy.asked).to.deep.equal(Array(2).fill('GET http://registry.invalid/x'));
  });

  it('go by way of one without a scheme', async () => {
    await get('http://registry.invalid/x', { HTTP_PROXY: proxy.url.replace('http://', '') });
    expect(proxy.asked.length).to.equal(1);
  });

  it('show the proxy their credentials', async () => {
    await get('http://registry.invalid/x', { HTTP_PROXY: proxy.url.replace('//', '//user:s3cret@') });
    const basic = `Basic ${Buffer.from('user:s3cret').toString('base64')}`;
    expect(proxy.asked).to.deep.equal([`GET http://registry.invalid/x ${basic}`]);
  });

  it('are tunnelled when they are to be encrypted', async () => {
    const error = await thrownBy(get('https://registry.invalid/x', { HTTPS_PROXY: proxy.url }));
    expect(error).to.be.instanceOf(HttpFailure).and.to.include({ kind: 'retry' });
    expect(proxy.asked).to.deep.equal(['CONNECT registry.invalid:443']);
  });

  it('go straight to hosts that are reached without', async () => {
    const environment = { HTTP_PROXY: proxy.url, NO_PROXY: 'example.org,127.0.0.1' };
    expect(await get(`${server.url}/x`, environment)).to.equal('from the server');
    expect(proxy.asked).to.deep.equal([]);
  });

  it('go straight to all hosts where the environment names no proxy', async () => {
    expect(await get(`${server.url}/x`, {})).to.equal('from the server');
  });

  it('cannot be made by way of what is no proxy, which is not repeated', () => {
    for (const value of ['ftp://user:s3cret@proxy', 'http://', 'user:s3cret@proxy:x']) {
      expect(() => createAppHttp(LOCAL, 10_000, { HTTPS_PROXY: value }))
        .to.throw(InputError, 'HTTPS_PROXY')
        .and.satisfy((error: InputError) => !`${error.message} ${error.advice}`.includes('s3cret'));
    }
  });
});
