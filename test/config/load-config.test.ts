import { expect } from 'chai';
import { type LoadOptions, loadConfig } from '../../src/config/load-config.ts';
import { inputErrorOf } from './input-error.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FS = 'fs:\n  url: file:///srv/cozy\n';

function server(host: string, port: number, database: number) {
  return { kind: 'server', mayBeCluster: false, host, port, database } as const;
}

describe('loadConfig', () => {
  const directory = temporaryDirectory();
  const surroundings = (): LoadOptions => ({
    env: {},
    cwd: directory.path(),
    home: directory.path('home'),
  });
  const load = (text: string, options: Partial<LoadOptions> = {}) => {
    directory.write('cozy.yaml', text);
    return loadConfig({ ...surroundings(), file: 'cozy.yaml', ...options });
  };
  const refusal = (text: string, options: Partial<LoadOptions> = {}) =>
    inputErrorOf(() => load(text, options));

  it('fills in the defaults', () => {
    expect(load(FS)).to.deep.equal({
      file: directory.path('cozy.yaml'),
      couchdb: {
        url: 'http://localhost:5984',
        clusters: [{ url: 'http://localhost:5984', creation: true }],
      },
      storage: { kind: 'file', root: '/srv/cozy' },
      subdomains: 'nested',
      contexts: {},
      forcedOidcContexts: [],
      vault: {},
      commonSettings: {},
      clouderies: {},
      rag: {},
      registries: { default: ['https://apps-registry.cozycloud.cc/'] },
      disableAddRm: undefined,
      fleet: {
        redis: server('localhost', 6379, 0),
        concurrency: 4,
        linkScheme: 'https',
        connections: 32,
        graceSeconds: 10,
        appHosts: [],
        skeletonTypes: {},
        appCache: {
          directory: directory.path('home', '.cache', 'cozy-fleet', 'apps'),
          bytes: 2 * 1024 ** 3,
        },
        pool: { size: 0, low: 0, reserve: 0 },
        guardPercent: 5,
        prefix: 'fleet',
      },
      serve: {
        publicHost: '127.0.0.1',
        publicPort: 8090,
        adminHost: '127.0.0.1',
        adminPort: 6070,
        trustedProxies: [],
        holdSeconds: 1740,
        adminPassphraseFiles: [
          directory.path('cozy-admin-passphrase'),
          directory.path('.cozy', 'cozy-admin-passphrase'),
          directory.path('home', '.cozy', 'cozy-admin-passphrase'),
          directory.path('home', '.config', 'cozy', 'cozy-admin-passphrase'),
          '/etc/cozy/cozy-admin-passphrase',
          directory.path('.fleet', 'cozy-admin-passphrase'),
        ],
      },
    });
  });

  it('reads where to serve, and what stands around it', () => {
    const { serve } = load(
      `${FS}admin:\n  secret_filename: operators\nfleet:\n  public_port: 80\n  trusted_proxies: [10.0.0.0/8, '::1']\n` +
        '  upstream: http://127.0.0.1:8080/\n  cloudery_token: 0123456789abcdef\n  hold: 5\n',
    );
    expect(serve).to.include({
      publicPort: 80,
      upstream: 'http://127.0.0.1:8080',
      clouderyToken: '0123456789abcdef',
      holdSeconds: 5,
    });
    expect(serve.trustedProxies).to.deep.equal(['10.0.0.0/8', '::1']);
    expect(serve.adminPassphraseFiles[0]).to.equal(directory.path('operators'));
  });

  it('looks for the admin passphrase beside a file that was named, after all places of the stack', () => {
    directory.write('elsewhere/cozy.yaml', FS);
    const { serve } = loadConfig({ ...surroundings(), file: 'elsewhere/cozy.yaml' });
    expect(serve.adminPassphraseFiles.at(-1)).to.equal(directory.path('elsewhere', 'cozy-admin-passphrase'));
    expect(serve.adminPassphraseFiles[0]).to.equal(directory.path('cozy-admin-passphrase'));
  });

  it('refuses what can be no place to serve, and never shows a token', () => {
    expect(refusal(`${FS}fleet:\n  upstream: http://user@stack:8080\n`).message).to.match(
      /fleet.upstream must/,
    );
    expect(refusal(`${FS}fleet:\n  trusted_proxies: [10.0.0.0/33]\n`).message).to.match(/trusted_proxies/);
    const { message } = refusal(`${FS}fleet:\n  cloudery_token: hush hush\n`);
    expect(message).to.match(/fleet.cloudery_token must/);
    expect(message).not.to.include('hush');
  });

  it('knows the admin port of a stack where both its URL and its passphrase are given, in a file or by variables', () => {
    const url = '  admin_upstream: http://127.0.0.1:6060/\n';
    expect(load(`${FS}fleet:\n${url}`)).to.not.have.property('stackAdmin');
    expect(load(`${FS}fleet:\n  admin_passphrase: hush hush\n`)).to.not.have.property('stackAdmin');
    const stackAdmin = { url: 'http://127.0.0.1:6060', passphrase: 'hush hush' };
    expect(load(`${FS}fleet:\n${url}  admin_passphrase: hush hush\n`)).to.deep.include({ stackAdmin });
    directory.write('cozy.yaml', `${FS}fleet:\n${url}`);
    const env = { COZY_FLEET_ADMIN_PASSPHRASE: 'hush hush' };
    expect(loadConfig({ ...surroundings(), env })).to.deep.include({ stackAdmin });
  });

  it('needs no file when the environment says enough', () => {
    const config = loadConfig({
      ...surroundings(),
      env: { COZY_FS_URL: 'file:///srv/env', COZY_SUBDOMAINS: 'flat' },
    });
    expect(config.file).to.equal(undefined);
    expect(config.storage.root).to.equal('/srv/env');
    expect(config.subdomains).to.equal('flat');
  });

  it('puts flags over environment over .local over the file', () => {
    directory.write('cozy.yaml.local', 'fleet:\n  q: 2\n  n: 2\n  grace: 2\n');
    const config = load(`${FS}fleet:\n  q: 1\n  n: 1\n  grace: 1\n  connections: 1\n`, {
      env: { COZY_FLEET_N: '3', COZY_FLEET_GRACE: '3' },
      overrides: { 'fleet.grace': 4, 'fleet.q': undefined },
    });
    expect(config.fleet).to.include({ connections: 1, q: 2, n: 3, graceSeconds: 4 });
  });

  for (const [text, number] of [
    ['38', 38],
    ['39', 39],
    ['"39"', 39],
  ] as const) {
    it(`reads the number of the indexes: ${text}`, () => {
      expect(load(`${FS}fleet:\n  indexes_version: ${text}\n`).fleet.indexesVersion).to.equal(number);
    });
  }

  it('reads the private hosts that applications may come from, in one form', () => {
    const { fleet } = load(`${FS}fleet:\n  app_hosts: [Apps.Internal, '10.0.0.7:8080']\n`);
    expect(fleet.appHosts).to.deep.equal(['apps.internal', '10.0.0.7:8080']);
  });

  it('reads where the first files of new instances are, from the working directory on', () => {
    const { fleet } = load(`${FS}fleet:\n  skeleton: welcome\n  skeleton_types: {md: text/x-web-markdown}\n`);
    expect(fleet.skeleton).to.equal(directory.path('welcome'));
    expect(fleet.skeletonTypes).to.deep.equal({ md: 'text/x-web-markdown' });
  });

  for (const types of ['{.md: text/plain}', '{md: plain}', '[md]']) {
    it(`refuses ${types} as types of files`, () => {
      const { code, place } = refusal(`${FS}fleet:\n  skeleton_types: ${types}\n`);
      expect(code).to.equal('bad_config');
      expect(place.key).to.match(/^fleet\.skeleton_types/);
    });
  }

  it('reads the number of the indexes from the environment, and knows none by itself', () => {
    expect(load(FS, { env: { COZY_FLEET_INDEXES_VERSION: '38' } }).fleet.indexesVersion).to.equal(38);
    expect(load(FS).fleet).to.not.have.property('indexesVersion');
  });

  for (const text of ['37', '40', '38.5', 'v39', 'true', '[39]']) {
    it(`refuses a number of the indexes that is not known: ${text}`, () => {
      const error = refusal(`${FS}fleet:\n  indexes_version: ${text}\n`);
      expect(error.message).to.equal('fleet.indexes_version must be 38 or 39.');
    });
  }

  it('reads the clusters, open to creation unless told otherwise', () => {
    const config = load(
      `${FS}couchdb:\n  url: http://u:p@g:5984/\n  clusters:\n    - url: http://a:5984/\n    - url: http://b:5984/x/\n      instance_creation: false\n`,
    );
    expect(config.couchdb).to.deep.equal({
      url: 'http://u:p@g:5984',
      clusters: [
        { url: 'http://a:5984', creation: true },
        { url: 'http://b:5984/x', creation: false },
      ],
    });
  });

  it('takes a bare list of registries for those of every context', () => {
    const config = load(`${FS}registries:\n  - https://a.example.org\n  - http://b.example.org/apps\n`);
    expect(config.registries).to.deep.equal({
      default: ['https://a.example.org/', 'http://b.example.org/apps'],
    });
  });

  it('asks the registries of a context before those of default', () => {
    const config = load(
      `${FS}registries:\n  beta: [https://beta.example.org/]\n  default: [https://a.example.org/]\n`,
    );
    expect(config.registries).to.deep.equal({
      beta: ['https://beta.example.org/', 'https://a.example.org/'],
      default: ['https://a.example.org/'],
    });
  });

  it('says which registry is no URL', () => {
    const error = refusal(`${FS}registries:\n  beta:\n    - https://beta.example.org/\n    - secret\n`);
    expect(error.message).to.equal(
      'registries.beta[1] must be the http:// or https:// URL of a registry, without query.',
    );
    expect(error.place).to.include({ line: 6 });
  });

  it('refuses registries that are neither a list nor a map', () => {
    expect(refusal(`${FS}registries: https://a.example.org/\n`).message).to.include(
      'registries must be a list of URLs, or a map of contexts to such lists',
    );
  });

  it('expands templates from the environment', () => {
    const config = load(`${FS}couchdb:\n  url: http://cozy:{{ .Env.PASS }}@couch:5984/`, {
      env: { PASS: 'tiger' },
    });
    expect(config.couchdb.url).to.equal('http://cozy:tiger@couch:5984');
  });

  it('keeps contexts by their lower-case name', () => {
    expect(load(`${FS}contexts:\n  Beta:\n    Init_Photos_Folder: false\n`).contexts).to.deep.equal({
      beta: { init_photos_folder: false },
    });
  });

  it('lists only contexts whose password authentication is switched off by a literal true', () => {
    const config = load(
      `${FS}authentication:\n  a:\n    disable_password_authentication: true\n  b:\n    disable_password_authentication: "true"\n  c:\n    oidc:\n      client_id: x\n`,
    );
    expect(config.forcedOidcContexts).to.deep.equal(['a']);
  });

  it('makes the paths of the vault keys absolute', () => {
    const config = load(`${FS}vault:\n  credentials_encryptor_key: keys/vault.enc\n`);
    expect(config.vault).to.deep.equal({ encryptorKey: directory.path('keys/vault.enc') });
  });

  it('reads the common settings of a context, and keeps one without URL, which has none', () => {
    const config = load(
      `${FS}common_settings:\n  a:\n    url: https://s.example.org/\n    token: t\n  b:\n    token: u\n`,
    );
    expect(config.commonSettings).to.deep.equal({
      a: { url: 'https://s.example.org/', token: 't' },
      b: { url: '', token: 'u' },
    });
  });

  it('reads the Clouderies of contexts, and keeps one that has none', () => {
    const config = load(
      `${FS}clouderies:\n  a: { api: { url: https://c.example.org/m, token: t } }\n  b: { api: { url: "" } }\n  c: {}\n`,
    );
    expect(config.clouderies).to.deep.equal({
      a: { url: 'https://c.example.org/m', token: 't' },
      b: {},
      c: {},
    });
  });

  it("reads the stack's Redis from its addresses", () => {
    const config = load(`${FS}redis:\n  addrs: redis:6379\n  password: 1234\n`);
    expect(config.stackRedis).to.deep.equal({
      jobs: { ...server('redis', 6379, 0), password: '1234' },
      lock: { ...server('redis', 6379, 2), password: '1234' },
    });
  });

  it("reads the stack's Redis from the environment", () => {
    const env = { COZY_REDIS_ADDRS: 'redis:6379', COZY_REDIS_DATABASES_LOCK: '7' };
    expect(load(FS, { env }).stackRedis).to.deep.equal({
      jobs: server('redis', 6379, 0),
      lock: server('redis', 6379, 7),
    });
  });

  it('reads a Redis for each use from its older keys, beside other settings of the section', () => {
    const text = `${FS}jobs:\n  url: redis://a:6379/0\n  workers: 4\nlock:\n  url: redis://b:6379/2\n`;
    expect(load(text).stackRedis).to.deep.equal({
      jobs: server('a', 6379, 0),
      lock: server('b', 6379, 2),
    });
  });

  it("reads the sockets and the TLS of the stack's Redis", () => {
    const text = `${FS}jobs:\n  url: unix:///run/redis.sock?db=1\nlock:\n  url: rediss://h:1/2?skip_verify=true\n`;
    expect(load(text).stackRedis).to.deep.equal({
      jobs: { kind: 'socket', path: '/run/redis.sock', database: 1 },
      lock: { ...server('h', 1, 2), tls: { skipVerify: true } },
    });
  });

  it('reads a Redis of the fleet behind sentinels', () => {
    const fleet = [
      'addrs: s1:26379 s2:26379',
      'master: cozy',
      'username: fleet',
      'password: 1',
      'sentinel_username: asker',
      'sentinel_password: 2',
      'database: 3',
      'tls: { root_ca: ca.pem, insecure_skip_validation: true }',
    ];
    const { redis } = load(`${FS}fleet:\n  redis:\n    ${fleet.join('\n    ')}\n`).fleet;
    expect(redis).to.deep.equal({
      kind: 'sentinel',
      nodes: [
        { host: 's1', port: 26379 },
        { host: 's2', port: 26379 },
      ],
      master: 'cozy',
      username: 'fleet',
      password: '1',
      sentinelUsername: 'asker',
      sentinelPassword: '2',
      database: 3,
      tls: { rootCa: directory.path('ca.pem'), skipVerify: true },
    });
  });

  it('reads a cluster of the fleet, from the environment too', () => {
    const nodes = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ];
    const cluster = { kind: 'cluster', nodes, database: 0 };
    expect(load(`${FS}fleet: { redis: { addrs: ["a:1", "b:2"] } }\n`).fleet.redis).to.deep.equal(cluster);
    const env = { COZY_FLEET_REDIS_ADDRS: 'a:1 b:2', COZY_FLEET_REDIS_TLS: 'true' };
    const secure = { ...cluster, tls: { skipVerify: false } };
    expect(load(FS, { env }).fleet.redis).to.deep.equal(secure);
  });

  it("takes no Redis of the stack's for the fleet's", () => {
    expect(load(`${FS}redis: { addrs: "stack:6379" }\n`).fleet.redis).to.deep.equal(
      server('localhost', 6379, 0),
    );
  });

  it('takes addresses that are left empty for none, as the stack does', () => {
    for (const addrs of ['', '""', '[]']) {
      expect(load(`${FS}redis:\n  addrs: ${addrs}\n`)).not.to.have.property('stackRedis');
    }
  });

  it('reads the RAG server of a context, and keeps a context that has none', () => {
    const config = load(
      `${FS}rag:\n  default:\n    url: http://rag:8000\n    api_key: k\n  Beta:\n    api_key: ""\n`,
    );
    expect(config.rag).to.deep.equal({ default: { url: 'http://rag:8000', token: 'k' }, beta: {} });
  });

  it('takes the reason for switching off add and destroy from the environment', () => {
    expect(load(FS, { env: { COZY_DISABLE_INSTANCES_ADD_RM: 'migration' } }).disableAddRm).to.equal(
      'migration',
    );
    expect(load(FS, { env: { COZY_DISABLE_INSTANCES_ADD_RM: '' } }).disableAddRm).to.equal(undefined);
  });

  it('has nothing against keys of the stack that it does not use', () => {
    expect(() => load(`${FS}port: nonsense\nmail:\n  host: x\nlog: [1]\n`)).not.to.throw();
  });

  it('refuses an unknown key in our own section and lists the known ones', () => {
    const error = refusal(`${FS}fleet:\n  concurency: 3\n`);
    expect(error.message).to.equal('fleet.concurency is not a setting of cozy-fleet.');
    expect(error.place).to.deep.equal({
      file: directory.path('cozy.yaml'),
      line: 4,
      key: 'fleet.concurency',
    });
    expect(error.advice).to.contain('concurrency');
  });

  it('names fs.url when it is missing, and says what to do when there is no file', () => {
    expect(refusal('port: 8080').place).to.deep.equal({
      file: directory.path('cozy.yaml'),
      key: 'fs.url',
    });
    const error = inputErrorOf(() => load('', { file: undefined, cwd: directory.path('elsewhere') }));
    expect(error.message).to.contain('fs.url');
    expect(error.advice).to.contain('--config');
  });

  it('names the variable a bad value came from', () => {
    const error = refusal(FS, { env: { COZY_FLEET_CONCURRENCY: 'many' } });
    expect(error.message).to.equal(
      'fleet.concurrency (variable COZY_FLEET_CONCURRENCY) must be a whole number from 1 to 256.',
    );
    expect(error.place).to.deep.equal({ key: 'fleet.concurrency' });
  });

  it('places a bad value of the .local file there', () => {
    const overlay = directory.write('cozy.yaml.local', '\nsubdomains: deep\n');
    expect(refusal(`${FS}subdomains: flat\n`).place).to.deep.equal({
      file: overlay,
      line: 2,
      key: 'subdomains',
    });
  });

  it('takes an emptied list of registries for none, and a bare empty one for the public registry', () => {
    const emptied = load(`${FS}registries:\n  default: []\n  example:\n    - https://r.example.org/\n`);
    expect(emptied.registries).to.deep.equal({ default: [], example: ['https://r.example.org/'] });
    expect(load(`${FS}registries: []\n`).registries).to.deep.equal(load(FS).registries);
  });

  describe('where a variable of a template is not set', () => {
    for (const [key, text] of [
      ['subdomains', 'subdomains: {{.Env.GONE}}'],
      ['subdomains', 'subdomains: "{{ .Env.GONE }}"'],
      ['couchdb.url', 'couchdb: { url: "http://cozy:{{.Env.GONE}}@couch:5984" }'],
      [
        'couchdb.clusters[0].instance_creation',
        'couchdb: {clusters: [{url: "http://a", instance_creation: {{.Env.GONE}}}]}',
      ],
      ['couchdb', 'couchdb: {{.Env.GONE}}'],
      ['redis.addrs', 'redis: { addrs: {{.Env.GONE}} }'],
      ['redis.password', 'redis: { addrs: "a:1", password: {{.Env.GONE}} }'],
      ['jobs.url', 'jobs: { url: {{.Env.GONE}} }'],
      ['vault.credentials_encryptor_key', 'vault: { credentials_encryptor_key: {{.Env.GONE}} }'],
      ['common_settings.beta.token', 'common_settings: { beta: { url: "http://a", token: {{.Env.GONE}} } }'],
      ['rag.default.api_key', 'rag: { default: { url: "http://a", api_key: {{.Env.GONE}} } }'],
      ['registries', 'registries: {{.Env.GONE}}'],
      ['registries.default[0]', 'registries: { default: [{{.Env.GONE}}] }'],
      ['registries', 'registries: { "{{.Env.GONE}}": ["http://a"] }'],
      ['contexts.beta.init_photos_folder', 'contexts: { beta: { init_photos_folder: {{.Env.GONE}} } }'],
      [
        'authentication.beta.disable_password_authentication',
        'authentication: { beta: { disable_password_authentication: {{.Env.GONE}} } }',
      ],
      ['fleet.q', 'fleet: { q: {{.Env.GONE}} }'],
    ] as const) {
      it(`says so of ${key}: ${text}`, () => {
        const error = refusal(`${FS}\n${text}\n`);
        expect(error.message).to.equal(`${key} asks for the variable GONE, which is not set.`);
        expect(error.place).to.deep.equal({ file: directory.path('cozy.yaml'), line: 4, key });
      });
    }

    for (const text of [
      'mail: { host: {{.Env.GONE}} }',
      'contexts: { beta: { help_link: {{.Env.GONE}}, features: [{{.Env.GONE}}] } }',
      'authentication: { beta: { oidc: { client_secret: {{.Env.GONE}} } } }',
      'couchdb: { proxy: {{.Env.GONE}} }',
      'vault: { other: {{.Env.GONE}} }',
      'geodb: {{.Env.GONE}}',
      '"{{.Env.GONE}}": 1',
      '# subdomains: {{.Env.GONE}}',
    ]) {
      it(`does not mind it where we do not look: ${text}`, () => {
        const { contexts, ...config } = load(`${FS}\n${text}\n`);
        const { contexts: _none, ...plain } = load(FS);
        expect(config).to.deep.equal(plain);
        expect(JSON.stringify(contexts)).not.to.match(/[\ufdd0\ufdd1]/);
      });
    }

    it('does not mind it where something else goes over it', () => {
      const text = `${FS}subdomains: {{.Env.GONE}}\n`;
      expect(load(text, { env: { COZY_SUBDOMAINS: 'flat' } }).subdomains).to.equal('flat');
      directory.write('cozy.yaml.local', 'subdomains: flat\n');
      expect(load(text).subdomains).to.equal('flat');
    });

    it('says so with the line where it would be a part of the file', () => {
      for (const text of ['{{.Env.GONE}}', 'couchdb: {{.Env.GONE}}\n  url: http://a']) {
        const error = refusal(`${FS}\n${text}\nsubdomains: flat\n`);
        expect(error.message).to.contain('the variable GONE, which is not set');
        expect(error.place).to.deep.equal({ file: directory.path('cozy.yaml'), line: 4 });
      }
    });

    it('takes one that is set and empty as it is', () => {
      expect(load(`${FS}subdomains: {{.Env.EMPTY}}\n`, { env: { EMPTY: '' } }).subdomains).to.equal('nested');
    });
  });

  for (const [section, text, known] of [
    ['fleet', 'fleet: { unknown: 1 }', /^Known settings: .*redis_url.*prefix/],
    ['fleet.redis', 'fleet: { redis: { addrs: "a:1", unknown: 1 } }', /^Known settings: addrs, master, /],
    [
      'fleet.redis.tls',
      'fleet: { redis: { addrs: "a:1", tls: { unknown: 1 } } }',
      /^Known settings: root_ca, client_cert, client_key, insecure_skip_validation\.$/,
    ],
  ] as const) {
    it(`names the settings of ${section} for one that it does not have`, () => {
      const error = refusal(`${FS}${text}\n`);
      expect(error.message).to.equal(`${section}.unknown is not a setting of cozy-fleet.`);
      expect(error.place.key).to.equal(`${section}.unknown`);
      expect(error.advice).to.match(known);
    });
  }

  it('names variables the file asks for when something is wrong', () => {
    const error = refusal('fs:\n  url: {{ .Env.NO_SUCH_ROOT }}\n');
    expect(error.advice).to.contain('NO_SUCH_ROOT');
  });

  for (const [key, text] of [
    ['fleet.app_hosts[0]', 'fleet: { app_hosts: ["https://apps.internal"] }'],
    ['fleet.app_hosts', 'fleet: { app_hosts: apps.internal }'],
    ['fleet.concurrency', 'fleet: { concurrency: 257 }'],
    ['fleet.concurrency', 'fleet: { concurrency: 1.5 }'],
    ['fleet.q', 'fleet: { q: 0 }'],
    ['fleet.n', 'fleet: { n: 10 }'],
    ['fleet.connections', 'fleet: { connections: 1025 }'],
    ['fleet.grace', 'fleet: { grace: 10s }'],
    ['fleet.prefix', 'fleet: { prefix: "a}b" }'],
    ['fleet.link_scheme', 'fleet: { link_scheme: ftp }'],
    ['fleet.redis_url', 'fleet: { redis_url: "http://u:s3cret@h" }'],
    ['fleet.redis_url', 'fleet: { redis_url: "redis://:s3cret@h/jobs" }'],
    ['fleet.redis_url', 'fleet: { redis_url: "redis://:s3cret@h/1?db=2" }'],
    ['fleet.redis_url', 'fleet: { redis_url: "redis://:s3cret@h/1?tls=1" }'],
    ['fleet.redis', 'fleet: { redis_url: "redis://:s3cret@h", redis: { addrs: "h:1", password: s3cret } }'],
    ['fleet.redis', 'fleet: { redis: s3cret }'],
    ['fleet.redis.addrs', 'fleet: { redis: { password: s3cret } }'],
    ['fleet.redis.addrs', 'fleet: { redis: { addrs: "s3cret@h" } }'],
    ['fleet.redis.addrs', 'fleet: { redis: { addrs: [] } }'],
    ['fleet.redis.database', 'fleet: { redis: { addrs: "a:1 b:2", database: 1, password: s3cret } }'],
    ['fleet.redis.sentinel_password', 'fleet: { redis: { addrs: "a:1 b:2", sentinel_password: s3cret } }'],
    ['fleet.redis.tls', 'fleet: { redis: { addrs: "a:1", tls: s3cret } }'],
    ['fleet.redis.tls', 'fleet: { redis: { addrs: "a:1", tls: [s3cret] } }'],
    ['fleet.redis.tls', 'fleet: { redis: { addrs: "a:1", tls: { root_ca: [s3cret] } } }'],
    ['fleet.redis.sentinel', 'fleet: { redis: { addrs: "a:1", sentinel: s3cret } }'],
    ['fleet', 'fleet: s3cret'],
    ['couchdb.url', 'couchdb: { url: "ftp://u:s3cret@h" }'],
    ['couchdb.url', 'couchdb: { url: "http://u:s3cret#1@h" }'],
    ['couchdb.url', 'couchdb: { url: "http://u:s3cret%@h" }'],
    ['couchdb.clusters[0].url', 'couchdb: { clusters: [{ instance_creation: true }] }'],
    [
      'couchdb.clusters[0].instance_creation',
      'couchdb: { clusters: [{ url: "http://h", instance_creation: no }] }',
    ],
    ['subdomains', 'subdomains: Nested'],
    ['contexts.beta', 'contexts: { beta: 1 }'],
    ['vault.credentials_decryptor_key', 'vault: { credentials_decryptor_key: [s3cret] }'],
    ['redis.addrs', 'redis: { addrs: "u:s3cret@h:1" }'],
    ['redis.addrs', 'redis: { addrs: [s3cret:6379] }'],
    ['redis.addrs', 'redis: { addrs: "a:1 b:2", password: s3cret }'],
    ['redis.password', 'redis: { password: [s3cret] }'],
    ['redis.databases.lock', 'redis: { databases: { lock: s3cret } }'],
    ['jobs.url', 'jobs: { url: "http://:s3cret@h/0" }'],
    ['lock.url', 'redis: { addrs: "h:1", password: s3cret }\nlock: { url: "redis://:s3cret@h/2" }'],
    ['rag.beta.url', 'rag: { beta: { url: "s3cret:8000" } }'],
    ['rag.beta', 'rag: { beta: s3cret }'],
    ['common_settings.a.url', 'common_settings: { a: { url: "s3cret" } }'],
  ] as const) {
    it(`refuses ${text.replace(/\s+/g, ' ')}, naming ${key} and repeating no secret`, () => {
      const error = refusal(`${FS}${text}\n`);
      expect(error.place.key).to.equal(key);
      expect(error.message).to.match(/ (must|is|has) /);
      expect(`${error.message}${error.advice}${error.stack}`).not.to.contain('s3cret');
    });
  }
});
