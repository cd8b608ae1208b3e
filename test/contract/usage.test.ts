import { request } from 'node:http';
import { expect } from 'chai';
import { type CouchDocument, type CouchServer, connectCouch } from '../../src/couchdb/server.ts';
import { databaseName, databasePrefix } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { LOGINS, OAUTH_CLIENTS, SESSIONS } from '../../src/usage/last-activity.ts';
import { type Measures, measureInstance, READINGS } from '../../src/usage/measure-instance.ts';

/**
 * A running stack on the same CouchDB: `COUCHDB_URL`, `COZY_STACK_URL` and `COZY_STACK_ADMIN_URL` (with the admin
 * passphrase as its password). Without them nothing is compared.
 */
const { COUCHDB_URL, COZY_STACK_URL, COZY_STACK_ADMIN_URL } = process.env;

const KEPT = 'last_activity_from_deleted_oauth_clients';
const ROOT = 'io.cozy.files.root-dir';

/** How one instance was used. */
interface Use {
  readonly quota?: number;
  readonly logins?: readonly string[];
  readonly sessions?: readonly string[];
  readonly clients?: readonly object[];
  readonly kept?: string;
  /** Contents of files that are sent to the stack. */
  readonly files?: readonly string[];
  /** Bytes of former versions. */
  readonly versions?: readonly number[];
  readonly apps?: readonly string[];
  readonly konnectors?: readonly string[];
}

const USES: Readonly<Record<string, Use>> = {
  untouched: {},
  logins: { logins: ['2024-03-01T10:00:00.123456789Z', '2024-02-01T10:00:00Z'], quota: 1_000_000 },
  zone: { logins: ['2024-03-01T23:30:00-02:00', '2024-03-02T01:00:00Z'] },
  sameMoment: { logins: ['2024-03-02T01:30:00+02:00'], sessions: ['2024-03-01T23:30:00Z'] },
  sessions: { logins: ['2024-03-01T10:00:00Z'], sessions: ['2024-04-01T10:00:00+09:00'], files: ['a'] },
  clients: {
    clients: [
      { client_kind: 'desktop', last_refreshed_at: '2024-05-01T00:00:00Z' },
      { client_kind: 'mobile', synchronized_at: '2024-05-02T00:30:00+01:00', last_refreshed_at: null },
      { client_kind: 'sharing', last_refreshed_at: '2025-05-01T00:00:00Z' },
    ],
  },
  deletedClients: { kept: '2019-06-07T23:59:59.999999999-05:00', logins: ['2018-06-01T00:00:00Z'] },
  keptBeforeFloor: { kept: '2016-06-07T12:00:00Z' },
  files: { files: ['', 'one', 'two and more', 'é'.repeat(500)], quota: 5_000, apps: ['drive@1.60.0'] },
  versions: { files: ['x'.repeat(1_000)], versions: [1, 20, 300], quota: 2_000 },
  apps: { apps: ['drive@1.59.0', 'notes@2.0.0-beta.1', 'home@1.0.0'] },
  konnectors: { apps: ['drive@1.59.0'], konnectors: ['trainline@1.12.0', 'edf@2.0.0'] },
  many: { logins: Array.from({ length: 230 }, (_, at) => new Date(1.6e12 + at * 3.6e6).toISOString()) },
};

describe('contract: what a stack says of the use of its instances', function () {
  this.timeout(120_000);

  let server: CouchServer;
  const instances = new Map<string, StoredInstance>();
  const port = new URL(COZY_STACK_URL ?? 'http://localhost').port;

  before(async function () {
    if (!COUCHDB_URL || !COZY_STACK_URL || !COZY_STACK_ADMIN_URL) return this.skip();
    server = connectCouch({ url: COUCHDB_URL, connections: 8 });
    for (const [name, use] of Object.entries(USES)) {
      const domain = `${name.toLowerCase()}-${process.pid}.localhost:${port}`;
      const query = new URLSearchParams({ Domain: domain, Email: `${name}@example.org`, PublicName: name });
      if (use.quota !== undefined) query.set('DiskQuota', String(use.quota));
      await admin('POST', `/instances?${query.toString()}`);
      instances.set(name, await used(domain, use));
    }
  });

  after(async () => {
    for (const { domain } of instances.values()) await admin('DELETE', `/instances/${domain}`);
    await server?.close();
  });

  async function used(domain: string, use: Use): Promise<StoredInstance> {
    const found = await instanceOf(domain);
    const put = async (doctype: string, documents: readonly object[]): Promise<void> => {
      const database = databaseName(databasePrefix(found), doctype);
      await server.createDatabase(database);
      const named: CouchDocument[] = documents.map((each, at) => ({ _id: `${doctype}-${at}`, ...each }));
      if (named.length > 0) await server.bulkInsert(database, named);
    };
    if (use.kept !== undefined) await server.putDocument(INSTANCES, { ...found, [KEPT]: use.kept });
    await put(LOGINS, use.logins?.map((created_at) => ({ created_at, os: '', browser: '', ip: '' })) ?? []);
    if (use.sessions)
      await put(
        SESSIONS,
        use.sessions.map((at) => ({ last_seen: at, created_at: at })),
      );
    await put(OAUTH_CLIENTS, use.clients ?? []);
    await put('io.cozy.files.versions', use.versions?.map((size) => ({ size: String(size) })) ?? []);
    const installed = (names: readonly string[] = [], doctype: string, type: string) =>
      names.map((each) => {
        const [slug = '', version = ''] = each.split('@');
        const source = `registry://${slug}/stable`;
        return { _id: `${doctype}/${slug}`, slug, version, source, state: 'ready', type };
      });
    await put('io.cozy.apps', installed(use.apps, 'io.cozy.apps', 'webapp'));
    await put('io.cozy.konnectors', installed(use.konnectors, 'io.cozy.konnectors', 'konnector'));
    const token = await tokenOf(domain, 'io.cozy.files');
    for (const [at, content] of (use.files ?? []).entries()) {
      await ask(domain, token, 'POST', `/files/${ROOT}?Type=file&Name=${at}.txt`, content);
    }
    return await instanceOf(domain);
  }

  async function instanceOf(domain: string): Promise<StoredInstance> {
    const [found] = await findByNames(server, [domain]);
    if (found === undefined) throw new Error(`the stack has not made ${domain}`);
    return found;
  }

  async function admin(method: string, path: string): Promise<string> {
    const { origin, password } = new URL(COZY_STACK_ADMIN_URL ?? '');
    const authorization = `Basic ${Buffer.from(`:${password}`).toString('base64')}`;
    const answer = await fetch(`${origin}${path}`, { method, headers: { authorization } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  async function tokenOf(domain: string, scope: string): Promise<string> {
    const query = new URLSearchParams({ Domain: domain, Subject: 'CLI', Audience: 'cli', Scope: scope });
    return await admin('POST', `/instances/token?${query.toString()}`);
  }

  /** Asks the stack as one of its instances; `fetch` lets nobody name a host. */
  async function ask(
    domain: string,
    token: string,
    method: string,
    path: string,
    body = '',
  ): Promise<Record<string, unknown>> {
    const { hostname } = new URL(COZY_STACK_URL ?? '');
    const headers = { host: domain, authorization: `Bearer ${token}`, 'content-type': 'text/plain' };
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers }, async (answer) => {
        let read = '';
        for await (const chunk of answer.setEncoding('utf8')) read += chunk;
        if ((answer.statusCode ?? 500) < 300) resolve(read);
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${read}`));
      });
      sent.on('error', reject);
      sent.end(body);
    });
    return JSON.parse(text);
  }

  async function measuresOf(instance: StoredInstance): Promise<Measures> {
    const servers = { global: server, cluster: () => server };
    const { measures, problems } = await measureInstance(instance, new Set(READINGS), servers);
    expect(problems, instance.domain).to.deep.equal([]);
    return measures;
  }

  for (const [name, use] of Object.entries(USES)) {
    it(`is what we say of an instance (${name})`, async () => {
      const instance = instances.get(name);
      if (instance === undefined) throw new Error('it was not made');
      const { domain } = instance;
      const measures = await measuresOf(instance);
      const activity = JSON.parse(await admin('GET', `/instances/${domain}/last-activity`));
      expect(measures.lastActivity?.day).to.equal(activity['last-activity']);
      const usage = JSON.parse(await admin('GET', `/instances/${domain}/disk-usage`));
      expect(String(measures.diskUsed)).to.equal(usage.used);
      expect(measures.diskShare === undefined).to.equal(usage.quota === undefined);
      const apps = await ask(domain, await tokenOf(domain, 'io.cozy.apps'), 'GET', '/apps/');
      const konnectors = await ask(
        domain,
        await tokenOf(domain, 'io.cozy.konnectors'),
        'GET',
        '/konnectors/',
      );
      const namesOf = (kind: string) =>
        measures.apps?.flatMap((app) => (app.kind === kind ? [`${app.slug}@${app.version}`] : []));
      expect(namesOf('webapp')).to.deep.equal(appsOf(apps));
      expect(namesOf('konnector')).to.deep.equal(appsOf(konnectors));
      expect(namesOf('konnector')).to.have.members(use.konnectors ?? []);
      expect(measures.files).to.equal(use.files?.length ?? 0);
      expect(measures).to.include({ email: `${name}@example.org`, publicName: name });
      const root = await ask(domain, await tokenOf(domain, 'io.cozy.files'), 'GET', `/files/${ROOT}`);
      expect(measures.creation?.text).to.equal(attributesOf(root['data'])['created_at']);
    });
  }
});

function appsOf({ data }: Record<string, unknown>): string[] {
  if (!Array.isArray(data)) throw new Error('there is no list');
  return data.map((each) => {
    const { slug, version } = attributesOf(each);
    return `${String(slug)}@${String(version)}`;
  });
}

function attributesOf(resource: unknown): Record<string, unknown> {
  if (typeof resource !== 'object' || resource === null || !('attributes' in resource)) return {};
  return { ...Object(resource.attributes) };
}
