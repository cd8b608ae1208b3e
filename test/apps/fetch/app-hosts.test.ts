import type { LookupAddress } from 'node:dns';
import { expect } from 'chai';
import { parseSource } from '../../../src/apps/app-source.ts';
import { AppError } from '../../../src/apps/errors.ts';
import { appHosts, isPublicAddress } from '../../../src/apps/fetch/app-hosts.ts';
import { type AppHttp, createAppHttp, type Resolve } from '../../../src/apps/fetch/http.ts';
import { resolveVersion } from '../../../src/apps/fetch/registry.ts';
import { repositoryAddresses } from '../../../src/apps/fetch/repository-addresses.ts';
import { parseAppHost } from '../../../src/config/urls.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { startProxyServer } from '../proxy-server.ts';
import { json, redirect, startWebServer, type WebServer } from '../registry-server.ts';

const SIGNAL = new AbortController().signal;

describe('an address', () => {
  const privates = [
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '100.127.255.255',
      '127.0.0.1',
      '127.255.0.1',
      '169.254.169.254',
    ],
    ...[
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.0.2.1',
      '192.168.1.1',
      '198.18.0.1',
      '198.51.100.1',
    ],
    ...['203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:a9fe:a9fe',
      '::127.0.0.1',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::1',
    ],
    ...[
      'fc00::1',
      'fd12::1',
      'fe80::1',
      'fe80::1%lo',
      'fec0::1',
      'ff02::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
    ],
    ...['2002:7f00:1::', '3fff::1', '5f00::1', 'localhost', ''],
  ];
  for (const address of privates) {
    it(`is not public: ${address}`, () => expect(isPublicAddress(address)).to.equal(false));
  }

  const publics = ['1.1.1.1', '9.255.255.255', '100.63.0.1', '100.128.0.1', '172.32.0.1', '223.255.255.254'];
  for (const address of [...publics, '2606:4700::1111', '2a01::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8']) {
    it(`is public: ${address}`, () => expect(isPublicAddress(address)).to.equal(true));
  }
});

describe('a host that applications may come from', () => {
  const forms: readonly (readonly [string, string | undefined])[] = [
    ['Apps.Internal', 'apps.internal'],
    ['apps.internal.', 'apps.internal'],
    ['apps.internal:443', 'apps.internal:443'],
    ['0x7f.1:80', '127.0.0.1:80'],
    ['[::1]:8080', '[::1]:8080'],
    ['https://apps.internal', undefined],
    ['user@apps.internal', undefined],
    ['apps.internal/x', undefined],
    ['apps.internal:', undefined],
    ['::1', undefined],
    ['', undefined],
  ];
  for (const [given, found] of forms) {
    it(`is ${found ?? 'none'} for ${JSON.stringify(given)}`, () =>
      expect(parseAppHost(given)).to.equal(found));
  }
});

describe('an application on a private server', () => {
  let server: WebServer;
  let other: WebServer;
  let port: string;
  const opened: AppHttp[] = [];

  beforeEach(async () => {
    server = await startWebServer();
    other = await startWebServer();
    port = new URL(other.url).port;
    other.routes.set('/x', json('private'));
  });

  afterEach(async () => {
    for (const http of opened.splice(0)) await http.close();
    await server.close();
    await other.close();
  });

  function httpFor(
    named: { registries?: readonly string[]; hosts?: readonly string[] },
    resolve?: Resolve,
    environment: Record<string, string> = {},
  ): AppHttp {
    const http = createAppHttp(
      appHosts(named.registries ?? [], named.hosts ?? []),
      10_000,
      environment,
      resolve,
    );
    opened.push(http);
    return http;
  }

  async function statusOf(http: AppHttp, url: string): Promise<number> {
    const { status, body } = await http.get({ url, accept: '*/*', signal: SIGNAL });
    body.destroy();
    return status;
  }

  function expectRefused(thrown: unknown): void {
    expect(thrown).to.be.instanceOf(AppError).and.to.include({ code: 'app_host', kind: 'final' });
    expect(thrown).to.have.property('advice').that.contains('fleet.app_hosts');
    expect(other.asked).to.deep.equal([]);
  }

  const spellings = ['127.0.0.1', '127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.0.0.1.', '[::1]'];
  for (const host of [...spellings, '[::ffff:127.0.0.1]', 'localhost', 'LOCALHOST.', 'a.localhost']) {
    it(`is refused where it is spelled ${host}`, async () => {
      expectRefused(await thrownBy(statusOf(httpFor({}), `http://${host}:${port}/x`)));
    });
  }

  it('is refused where a registry redirects there, to another port of its own host', async () => {
    server.routes.set('/registry/drive/stable/latest', redirect(`${other.url}/x`));
    const source = parseSource('drive');
    if (source.kind !== 'registry') throw new Error('it is no registry source');
    const http = httpFor({ registries: [server.url] });
    expectRefused(await thrownBy(resolveVersion(source, [server.url], http, SIGNAL)));
  });

  it('is had from a registry that is configured, and where a host is named, with its port or without', async () => {
    expect(await statusOf(httpFor({ registries: [`${other.url}/path/`] }), `${other.url}/x`)).to.equal(200);
    expect(await statusOf(httpFor({ hosts: ['127.0.0.1'] }), `${other.url}/x`)).to.equal(200);
    expect(await statusOf(httpFor({ hosts: [`127.0.0.1:${port}`] }), `${other.url}/x`)).to.equal(200);
  });

  it('is refused where another port of its host is named', async () => {
    const { port: named } = new URL(server.url);
    expectRefused(await thrownBy(statusOf(httpFor({ hosts: [`127.0.0.1:${named}`] }), `${other.url}/x`)));
  });

  it('is refused where a name leads there, whatever it led to a moment ago', async () => {
    const answers: LookupAddress[][] = [];
    const resolve: Resolve = (_name, _options, done) => done(null, answers.shift() ?? []);
    const http = httpFor({}, resolve);
    for (const address of ['127.0.0.1', '169.254.169.254', '10.0.0.1']) {
      answers.push([{ address, family: 4 }]);
      expectRefused(await thrownBy(statusOf(http, `http://apps.example:${port}/x`)));
    }
    answers.push([
      { address: '::1', family: 6 },
      { address: '::ffff:127.0.0.1', family: 6 },
    ]);
    expectRefused(await thrownBy(statusOf(http, `http://apps.example:${port}/x`)));
  });

  it('is had where its name is named', async () => {
    const http = httpFor({ hosts: ['localhost'] });
    expect(await statusOf(http, `http://LocalHost:${port}/x`)).to.equal(200);
  });

  it('is refused by its address also where a proxy would be asked', async () => {
    const proxy = await startProxyServer('"from the proxy"');
    try {
      const http = httpFor({}, undefined, { HTTP_PROXY: proxy.url });
      for (const host of ['169.254.169.254', 'localhost']) {
        expectRefused(await thrownBy(statusOf(http, `http://${host}/x`)));
      }
      expect(proxy.asked).to.deep.equal([]);
    } finally {
      await proxy.close();
    }
  });

  for (const url of [
    'git://127.0.0.1/a.git',
    'git+https://[::1]/a.git',
    'git+ssh://git@localhost/a.git',
    'git://0x7f.1/a.git',
  ]) {
    it(`is refused where it is the repository ${url}`, async () => {
      const source = parseSource(url);
      if (source.kind !== 'git') throw new Error('it is no repository');
      expectRefused(await thrownBy(repositoryAddresses(source, appHosts([], []))));
      const named = appHosts([], ['127.0.0.1', '[::1]', 'localhost']);
      expect(await repositoryAddresses(source, named)).to.equal(undefined);
    });
  }

  describe('that nobody knows when a repository is looked for', () => {
    const unknown = () => Promise.reject(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }));
    const addressesOf = async (text: string, variables: Record<string, string>) => {
      const source = parseSource(text);
      if (source.kind !== 'git') throw new Error('it is no repository');
      return await repositoryAddresses(source, appHosts([], []), unknown, variables);
    };

    for (const url of ['git+https://rebound.example/a.git', 'git://rebound.example/a.git']) {
      it(`is not left to git to look up again: ${url}`, async () => {
        const error = await thrownBy(addressesOf(url, {}));
        expect(error).to.include({ code: 'app_unreachable', kind: 'retry' });
      });
    }

    it('may be one that ssh knows by its configuration, or a proxy', async () => {
      expect(await addressesOf('git+ssh://git@forge/a.git', {})).to.equal(undefined);
      const proxied = { https_proxy: 'http://proxy.example:3128' };
      expect(await addressesOf('git+https://forge.example/a.git', proxied)).to.equal(undefined);
    });
  });
});
