import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FastifyInstance } from 'fastify';
import { ASSETS_PATH, asksForAsset, registerAssets } from '../../../src/web/http/assets.ts';
import { createWebServer } from '../../../src/web/http/create-server.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('the files that pages load', () => {
  const cleanup = new Cleanup();
  let app: FastifyInstance;

  before(async () => {
    const folder = cleanup.add(await temporaryDirectory('assets'), (each) => each.remove());
    await writeFile(join(folder.path, 'pages.css'), 'body{}');
    await writeFile(join(folder.path, 'tsconfig.json'), '{}');
    app = cleanup.add(createWebServer({ trustedProxies: [], bodyLimit: 1 }), (each) => each.close());
    await registerAssets(app, folder.path);
  });

  after(() => cleanup.run());

  const ask = (name: string, headers: Record<string, string> = {}) =>
    app.inject({ url: `${ASSETS_PATH}${name}`, headers });

  it('are asked for again by their entity tag, so that a new version is seen at once', async () => {
    const first = await ask('pages.css');
    expect([first.statusCode, first.body]).to.deep.equal([200, 'body{}']);
    expect(first.headers).to.include({
      'cache-control': 'no-cache',
      'content-type': 'text/css; charset=utf-8',
    });
    const again = await ask('pages.css', { 'if-none-match': String(first.headers.etag) });
    expect([again.statusCode, again.body]).to.deep.equal([304, '']);
  });

  it('are nothing else that lies there or elsewhere', async () => {
    for (const name of [
      'tsconfig.json',
      '',
      'none.css',
      '../package.json',
      '%2e%2e%2fpackage.json',
      'a/b.css',
    ]) {
      expect((await ask(name)).statusCode, name).to.equal(404);
    }
  });

  it('are told by their path', () => {
    for (const name of ['pages.css', 'pages.css?v=1'])
      expect(asksForAsset(ASSETS_PATH + name)).to.equal(true);
    for (const name of ['', 'tsconfig.json', '../pages.css', 'a/b.css', '%70ages.css']) {
      expect(asksForAsset(ASSETS_PATH + name), name).to.equal(false);
    }
    expect(asksForAsset('/pages.css')).to.equal(false);
  });
});
