import { expect } from 'chai';
import { parseSource, type RegistrySource } from '../../../src/apps/app-source.ts';
import { AppError } from '../../../src/apps/errors.ts';
import { type AppHttp, createAppHttp } from '../../../src/apps/fetch/http.ts';
import { resolveVersion } from '../../../src/apps/fetch/registry.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { LOCAL } from '../local-hosts.ts';
import { recordedAnswer } from '../recorded.ts';
import { json, redirect, silence, startWebServer, status, type WebServer } from '../registry-server.ts';

const LATEST = '/registry/agenda/stable/latest';

describe('a registry', () => {
  let http: AppHttp;
  let first: WebServer;
  let second: WebServer;

  beforeEach(async () => {
    http = createAppHttp(LOCAL);
    first = await startWebServer();
    second = await startWebServer();
  });

  afterEach(async () => {
    await http.close();
    await first.close();
    await second.close();
  });

  function source(text = 'agenda'): RegistrySource {
    const parsed = parseSource(text);
    if (parsed.kind !== 'registry') throw new Error(`${text} is of no registry`);
    return parsed;
  }

  const resolve = (
    text?: string,
    registries: readonly string[] = [first.url, second.url],
    signal = new AbortController().signal,
    timeout = 30_000,
  ) => resolveVersion(source(text), registries, http, signal, timeout);

  async function failure(work: Promise<unknown>): Promise<AppError> {
    const error = await thrownBy(work);
    if (error instanceof AppError) return error;
    throw error;
  }

  it('is asked for the latest version of a channel', async () => {
    first.routes.set(LATEST, json(recordedAnswer('agenda')));
    const { sha256, url, version } = recordedAnswer('agenda');
    expect(await resolve()).to.deep.include({ slug: 'agenda', version, sha256, url, tarPrefix: '' });
    expect(second.asked).to.deep.equal([]);
  });

  it('is asked for one version by its name', async () => {
    first.routes.set('/registry/agenda/2.3.1', json(recordedAnswer('agenda')));
    expect(await resolve('registry://agenda/2.3.1')).to.include({ version: '2.3.1' });
  });

  it('has no cache on the way answer for it, where the latest version is asked for', async () => {
    const wanted: unknown[] = [];
    for (const path of [LATEST, '/registry/agenda/2.3.1']) {
      first.routes.set(path, (request, response) => {
        wanted.push(request.headers['cache-control']);
        json(recordedAnswer('agenda'))(request, response);
      });
    }
    await resolve();
    await resolve('registry://agenda/2.3.1');
    expect(wanted).to.deep.equal(['no-cache', undefined]);
  });

  it('may live under a path', async () => {
    first.routes.set(`/apps${LATEST}`, json(recordedAnswer('agenda')));
    expect(await resolve('agenda', [`${first.url}/apps/`])).to.include({ slug: 'agenda' });
  });

  it('makes way for the next one with a 404', async () => {
    second.routes.set(LATEST, json(recordedAnswer('agenda')));
    expect(await resolve()).to.include({ slug: 'agenda' });
    expect(first.asked).to.deep.equal([LATEST]);
  });

  const foreign: readonly [string, string][] = [
    ['nothing', ''],
    ['a page', '<html><h1>404 Not Found</h1></html>'],
    ['a text', 'default backend - 404'],
    ['JSON that is no map', '"Not Found"'],
    ['JSON without an error', '{"message":"no Route matched with those values"}'],
    ['an error that is no text', '{"error":{"code":404}}'],
    ['what another server says', '{"status":404,"error":"Not Found","path":"/registry"}'],
    ['more than a registry says', JSON.stringify({ error: 'x'.repeat(100_000) })],
  ];

  for (const [name, text] of foreign) {
    it(`does not make way for the next one with a 404 of somebody before it: ${name}`, async () => {
      first.routes.set(LATEST, (_, response) => response.writeHead(404).end(text));
      second.routes.set(LATEST, json(recordedAnswer('agenda')));
      const error = await failure(resolve());
      expect(error).to.include({ code: 'app_registry', kind: 'retry' });
      expect(error.message).to.include('answered 404, and not as a registry does');
      expect(second.asked).to.deep.equal([]);
    });
  }

  it('that is the only one is asked again after a 404 of somebody before it', async () => {
    first.routes.set(LATEST, status(404));
    expect(await failure(resolve('agenda', [first.url]))).to.include({ code: 'app_registry', kind: 'retry' });
  });

  it('does not make way for the next one with a 500, which may pass', async () => {
    first.routes.set(LATEST, status(500));
    second.routes.set(LATEST, json(recordedAnswer('agenda')));
    const error = await failure(resolve());
    expect(error).to.include({ code: 'app_registry', kind: 'retry' });
    expect(error.message).to.include(new URL(first.url).host).and.to.include('answered 500');
    expect(second.asked).to.deep.equal([]);
  });

  it('that is not there is named, and asked again later', async () => {
    const { url } = first;
    await first.close();
    const error = await failure(resolve('agenda', [url]));
    first = await startWebServer();
    expect(error).to.include({ code: 'app_registry', kind: 'outage' });
    expect(error.message).to.include(new URL(url).host);
  });

  it('that says nothing is given up in time', async () => {
    first.routes.set(LATEST, silence);
    const error = await failure(resolve('agenda', [first.url], new AbortController().signal, 200));
    expect(error).to.include({ code: 'app_registry', kind: 'outage' });
    expect(error.message).to.include('did not answer within 0.2 s');
  });

  it('that is asked too much is asked later, and less', async () => {
    first.routes.set(LATEST, status(429));
    expect(await failure(resolve())).to.include({ code: 'app_registry', kind: 'overload' });
  });

  it('that forbids is not asked again', async () => {
    first.routes.set(LATEST, status(403));
    expect(await failure(resolve())).to.include({ code: 'app_registry', kind: 'final' });
  });

  it('that no one of has it, has it not for good', async () => {
    const error = await failure(resolve());
    expect(error).to.include({ code: 'app_not_found', kind: 'final' });
    expect(error.message).to.include(new URL(first.url).host).and.to.include(new URL(second.url).host);
  });

  it('may send us elsewhere', async () => {
    first.routes.set(LATEST, redirect(`${second.url}/moved`));
    second.routes.set('/moved', json(recordedAnswer('agenda')));
    expect(await resolve()).to.include({ slug: 'agenda' });
  });

  it('may not send us around for ever', async () => {
    first.routes.set(LATEST, redirect(LATEST));
    const error = await failure(resolve());
    expect(error).to.include({ code: 'app_registry', kind: 'final' });
    expect(first.asked.length).to.equal(6);
  });

  it('may not send us to a file', async () => {
    first.routes.set(LATEST, redirect('file:///etc/passwd'));
    expect((await failure(resolve())).message).to.include('redirected to file://');
  });

  it('gets its credentials, and nobody it sends us to does', async () => {
    const seen: (string | undefined)[] = [];
    first.routes.set(LATEST, (request, response) => {
      seen.push(request.headers.authorization);
      redirect(`${second.url}/moved`)(request, response);
    });
    second.routes.set('/moved', (request, response) => {
      seen.push(request.headers.authorization);
      json(recordedAnswer('agenda'))(request, response);
    });
    await resolve('agenda', [first.url.replace('//', '//user:s3cret@')]);
    expect(seen).to.deep.equal([`Basic ${Buffer.from('user:s3cret').toString('base64')}`, undefined]);
  });

  it('is named without its credentials', async () => {
    first.routes.set(LATEST, status(500));
    const error = await failure(resolve('agenda', [first.url.replace('//', '//user:s3cret@')]));
    expect(error.message).not.to.include('s3cret');
  });

  it('that answers with a page is asked again later', async () => {
    first.routes.set(LATEST, (_, response) => response.end('<html>Welcome</html>'));
    expect(await failure(resolve())).to.include({ code: 'app_registry', kind: 'retry' });
  });

  it('may call a konnector by what runs it', async () => {
    const answer = recordedAnswer('agenda');
    const manifest = { slug: 'agenda', version: '1.2.3', type: 'node', language: 'node' };
    for (const type of ['node', undefined, 'konnector']) {
      first.routes.set(LATEST, json({ ...answer, type, manifest }));
      expect((await resolve()).manifest).to.include({ kind: 'konnector' });
    }
  });

  const bad: readonly [string, object, AppError['code']][] = [
    ['another application', { slug: 'drive' }, 'app_registry'],
    ['a slug with a slash', { slug: 'agenda/../x' }, 'app_registry'],
    ['a version that climbs', { version: '../../x' }, 'app_registry'],
    ['no SHA-256', { sha256: '' }, 'app_registry'],
    ['an archive on our own disk', { url: 'file:///etc/passwd' }, 'app_registry'],
    ['no manifest', { manifest: null }, 'app_registry'],
    ['the manifest of another application', { manifest: { slug: 'drive', type: 'webapp' } }, 'app_manifest'],
    ['a manifest of no kind', { type: undefined, manifest: { slug: 'agenda' } }, 'app_manifest'],
    ['a manifest of another kind', { type: 'konnector' }, 'app_manifest'],
  ];

  for (const [name, change, code] of bad) {
    it(`that answers with ${name} is refused`, async () => {
      first.routes.set(LATEST, json({ ...recordedAnswer('agenda'), ...change }));
      expect(await failure(resolve())).to.include({ code, kind: 'final' });
    });
  }

  it('that is none at all is said', async () => {
    const error = await failure(resolve('agenda', []));
    expect(error).to.include({ code: 'app_not_found', kind: 'final' });
    expect(error.message).to.equal('no registry is configured to ask for agenda in channel stable');
  });

  it('is left alone by a job that is cancelled', async () => {
    const reason = new Error('cancelled');
    expect(await thrownBy(resolve('agenda', [first.url], AbortSignal.abort(reason)))).to.equal(reason);
  });
});
