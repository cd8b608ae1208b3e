import { expect } from 'chai';
import { createWebServer } from '../../../src/web/http/create-server.ts';
import { type PageHeaderOptions, registerPageHeaders } from '../../../src/web/http/page-headers.ts';

describe('the headers of pages', () => {
  async function headersOf(options: PageHeaderOptions, cache?: string) {
    const app = createWebServer({ trustedProxies: [], bodyLimit: 1 });
    await registerPageHeaders(app, options);
    app.get('/', async (_request, reply) => {
      if (cache !== undefined) reply.header('cache-control', cache);
      return 'page';
    });
    const { headers } = await app.inject('/');
    await app.close();
    return headers;
  }

  it('have scripts talk to their own server only where they are to', async () => {
    expect((await headersOf({}))['content-security-policy']).to.contain("connect-src 'none'");
    expect((await headersOf({ connects: true }))['content-security-policy']).to.contain("connect-src 'self'");
  });

  it('let forms lead to the origin that is named, and to nothing that is more than an origin', async () => {
    const policyFor = async (target: string) =>
      (await headersOf({ formTarget: () => target }))['content-security-policy'];
    expect(await policyFor('https://a.org:8090')).to.contain("form-action 'self' https://a.org:8090;");
    for (const target of [
      'https://a.org; script-src *',
      "https://a.org 'unsafe-inline'",
      '*',
      'https:',
      'data:',
    ]) {
      expect(await policyFor(target), target).to.contain("form-action 'self';");
    }
  });

  it('have browsers keep nothing, unless the route says otherwise', async () => {
    expect((await headersOf({}))['cache-control']).to.equal('no-store');
    expect((await headersOf({}, 'no-cache'))['cache-control']).to.equal('no-cache');
  });
});
