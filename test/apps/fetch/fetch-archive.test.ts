import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fetchArchive } from '../../../src/apps/fetch/fetch-archive.ts';
import { type AppHttp, createAppHttp } from '../../../src/apps/fetch/http.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { LOCAL } from '../local-hosts.ts';
import { recordedAnswer, recordedArchive } from '../recorded.ts';
import { bytes, type Route, redirect, startWebServer, status, type WebServer } from '../registry-server.ts';

const PATH = '/agenda.tgz';
const ARCHIVE = recordedArchive('agenda');
const { sha256: SHA256 } = recordedAnswer('agenda');

describe('fetching an archive', () => {
  let http: AppHttp;
  let server: WebServer;
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    http = createAppHttp(LOCAL, 30_000);
    server = await startWebServer();
    directory = await temporaryDirectory('fetch');
  });

  afterEach(async () => {
    await http.close();
    await server.close();
    await directory.remove();
  });

  function fetchWith(route: Route, { sha256 = SHA256, limit = 10_000, timeoutMs = 30_000 } = {}) {
    server.routes.set(PATH, route);
    return fetchArchive(
      { url: `${server.url}${PATH}`, name: 'agenda 2.3.1', sha256 },
      join(directory.path, 'archive'),
      { http, limit, timeoutMs },
      new AbortController().signal,
    );
  }

  it('answers with its SHA-256 when it is all there', async () => {
    expect(await fetchWith(bytes(ARCHIVE))).to.equal(SHA256);
    expect((await readFile(join(directory.path, 'archive'))).equals(ARCHIVE)).to.equal(true);
  });

  it('follows redirects', async () => {
    server.routes.set('/elsewhere', bytes(ARCHIVE));
    expect(await fetchWith(redirect('/elsewhere'))).to.equal(SHA256);
  });

  /** More and more of it, until nobody listens. */
  const endless: Route = (_, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(4096)));
      response.once('drain', more);
    };
    more();
  };
  /** A byte now and then, so that it never stalls. */
  const dripping: Route = (_, response) => {
    const drops = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drops));
  };
  const cutShort: Route = (_, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length });
    response.write(ARCHIVE.subarray(0, 100), () => response.destroy());
  };
  const announced: Route = (_, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 });
    response.flushHeaders();
  };
  const stalling: Route = (_, response) => {
    response.write('x');
  };

  const failures: readonly [string, Route, object, object][] = [
    ['other bytes than announced', bytes(Buffer.from('x')), {}, { code: 'app_checksum', kind: 'final' }],
    ['no archive', status(404), {}, { code: 'app_not_found', kind: 'final' }],
    ['a refusal', status(403), {}, { code: 'app_unreachable', kind: 'final' }],
    ['a plea for fewer requests', status(429), {}, { code: 'app_unreachable', kind: 'overload' }],
    ['an error', status(503), {}, { code: 'app_unreachable', kind: 'retry' }],
    ['more than its limit', endless, {}, { code: 'app_too_large', kind: 'final' }],
    ['the announcement of more than its limit', announced, {}, { code: 'app_too_large', kind: 'final' }],
    ['half of it', cutShort, {}, { code: 'app_unreachable', kind: 'retry' }],
    ['drops', dripping, { timeoutMs: 300 }, { code: 'app_unreachable', kind: 'retry' }],
  ];

  for (const [name, route, options, expected] of failures) {
    it(`fails with ${name}, and leaves nothing`, async () => {
      expect(await thrownBy(fetchWith(route, options))).to.include(expected);
      expect(await readdir(directory.path)).to.deep.equal([]);
    });
  }

  it('fails with a beginning and then nothing, and leaves nothing', async () => {
    await http.close();
    http = createAppHttp(LOCAL, 200);
    expect(await thrownBy(fetchWith(stalling))).to.include({ code: 'app_unreachable', kind: 'retry' });
    expect(await readdir(directory.path)).to.deep.equal([]);
  });

  it('does not take what the disk says for the network', async () => {
    server.routes.set(PATH, bytes(ARCHIVE));
    const work = fetchArchive(
      { url: `${server.url}${PATH}`, name: 'agenda 2.3.1' },
      join(directory.path, 'missing', 'archive'),
      { http, limit: 10_000 },
      new AbortController().signal,
    );
    expect(await thrownBy(work)).to.include({ code: 'ENOENT', syscall: 'open' });
  });

  it('keeps no connection with a refusal that never ends', async () => {
    const refusing: Route = (_, response) => {
      response.writeHead(403).write(Buffer.alloc(300_000));
    };
    // More of them than there are connections.
    for (let times = 0; times < 10; times += 1) {
      expect(await thrownBy(fetchWith(refusing))).to.include({ code: 'app_unreachable', kind: 'final' });
    }
  });

  it('ends with the reason of whoever aborts it', async () => {
    const reason = new Error('cancelled');
    const controller = new AbortController();
    server.routes.set(PATH, (_, response) => {
      response.write('x', () => controller.abort(reason));
    });
    const work = fetchArchive(
      { url: `${server.url}${PATH}`, name: 'agenda 2.3.1' },
      join(directory.path, 'archive'),
      { http, limit: 10_000 },
      controller.signal,
    );
    expect(await thrownBy(work)).to.equal(reason);
    expect(await readdir(directory.path)).to.deep.equal([]);
  });
});
