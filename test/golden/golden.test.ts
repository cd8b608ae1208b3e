import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  pbkdf2Sync,
  scryptSync,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import nacl from 'tweetnacl';
import { z } from 'zod';
import { INDEXES_VERSIONS, type IndexesVersion } from '../../src/config/config.ts';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { connectCouch } from '../../src/couchdb/server.ts';
import { isPoolPrefix } from '../../src/instances/databases/pool-prefix.ts';
import { prefixOf } from '../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../src/instances/documents/instance-document.ts';
import { registrationLink } from '../../src/instances/domains/registration-link.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import type { RawOptions } from '../../src/instances/options/flags.ts';
import { ensureGlobalDatabases } from '../../src/instances/platform/global-databases.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { type HandPool, handPool } from '../support/pool-items.ts';
import { startTestCouch } from '../support/servers.ts';
import { type Dump, dumpInstance, inOrder, normaliseDocument } from './dump.ts';

const PASSPHRASE = 'correct horse battery staple';

/** The other half of the public development pair: sender's public, receiver's private key. */
const DEV_DECRYPTOR = Buffer.from(
  '22tnEhRr5epjy1mWmcj8Y+doM7qrW8BodTqVgaB6B1jraR3frmGTPkFSHfVHYUVmgb2UJVn2TfZsQn6JBF1vVg==',
  'base64',
);

const document = z.record(z.string(), z.unknown());
const goldenFile = z.object({
  instance: document,
  databases: z.record(z.string(), z.array(document)),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), content_sha256: z.string().exactOptional() })),
});

interface Case {
  readonly name: 'minimal' | 'full' | 'onboarded' | 'konnector';
  readonly domain: string;
  readonly raw: RawOptions;
  readonly passphrase?: string;
  /** Where our names of directories go beyond the stack's, which makes no subdirectories of Photos. */
  readonly subdirectories: readonly [string, string];
}

const CASES: readonly Case[] = [
  {
    name: 'minimal',
    domain: 'minimal.example.org',
    raw: {},
    subdirectories: ['Uploaded from Cozy Photos', 'Backed up from my mobile'],
  },
  {
    name: 'full',
    domain: 'full.example.org',
    raw: {
      locale: 'fr',
      email: 'alice@example.org',
      'public-name': 'Alice Martin',
      tz: 'Europe/Paris',
      phone: '+33612345678',
      settings: 'offer:premium,context:beta',
      'context-name': 'beta',
      uuid: '3b0b6f0e-5a8b-4a4f-8a0e-0a7b1b2c3d4e',
      oidc_id: 'oidc-2',
      'domain-aliases': 'full.other.org,full2.example.org',
      'disk-quota': '5GB',
      apps: 'agenda',
    },
    subdirectories: ['Transférées depuis Cozy Photos', 'Sauvegardées depuis mon mobile'],
  },
  {
    name: 'onboarded',
    domain: 'onboarded.example.org',
    raw: { email: 'p@example.org', 'public-name': 'P' },
    passphrase: PASSPHRASE,
    subdirectories: ['Uploaded from Cozy Photos', 'Backed up from my mobile'],
  },
  {
    name: 'konnector',
    domain: 'kon.example.org',
    raw: { apps: 'waterbill' },
    subdirectories: ['Uploaded from Cozy Photos', 'Backed up from my mobile'],
  },
];

/** What a stack of that number has made. */
function recorded(name: Case['name'], version: IndexesVersion): Dump {
  const path = version === 38 ? `./${name}.json` : `./${version}/${name}.json`;
  const file = goldenFile.parse(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')));
  const databases = Object.entries(file.databases).map(([database, documents]) => [
    database,
    inOrder(documents),
  ]);
  return { ...file, databases: Object.fromEntries(databases) };
}

/**
 * The two deliberate differences from the stack (`ARCHITECTURE.md` §3.5): both subdirectories of Photos are made,
 * and every name is the locale's. The stack localizes `fr` too, so here only the first one shows.
 */
function withSubdirectories(dump: Dump, { domain, subdirectories }: Case): Dump {
  const files = dump.databases['io-cozy-files'] ?? [];
  const added = subdirectories.map((name) => ({
    _id: '<id>',
    cozyMetadata: {
      createdAt: '<time>',
      createdOn: `https://${domain}/`,
      doctypeVersion: '1',
      metadataVersion: 1,
      updatedAt: '<time>',
    },
    created_at: '<time>',
    dir_id: '<id>',
    name,
    path: `/Photos/${name}`,
    type: 'directory',
    updated_at: '<time>',
  }));
  const tree = [...dump.tree, ...subdirectories.map((name) => ({ path: `Photos/${name}/`, mode: '755' }))];
  return {
    instance: dump.instance,
    databases: { ...dump.databases, 'io-cozy-files': inOrder([...files, ...added]) },
    tree: tree.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** Documents of jobs and triggers have the prefix, too. */
function withPrefix(dump: Dump, prefix: string): Dump {
  const replaced = JSON.stringify(dump).replaceAll(text(dump.instance, 'prefix'), prefix);
  const file = goldenFile.parse(JSON.parse(replaced));
  const databases = Object.entries(file.databases).map(([name, documents]) => [name, inOrder(documents)]);
  return { ...file, databases: Object.fromEntries(databases) };
}

/** A copy without what only CouchDB's own code can make: the revision, and the names of Mango views. */
function withoutDigest({ _rev, views, ...rest }: Dump['instance']): Dump['instance'] {
  return views === undefined ? rest : { ...rest, views: Object.values(Object(views)) };
}

function withoutDigests(dump: Dump): Dump {
  const databases = Object.entries(dump.databases).map(([name, documents]) => [
    name,
    documents.map(withoutDigest),
  ]);
  return { ...dump, databases: Object.fromEntries(databases) };
}

/** A field that must hold a text. */
function text(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`${name} is not a text`);
  return value;
}

/** Each number, and whether the instances get databases that were made before. */
const MADE = INDEXES_VERSIONS.flatMap((version) => [
  { version, isPooled: false },
  { version, isPooled: true },
]);

for (const { version, isPooled } of MADE)
  describe(`an instance${isPooled ? ' from the pool' : ''}, compared with one of a real stack of ${version}`, () => {
    let test: TestFleet;
    let registry: AppRegistry;
    let pool: HandPool;

    before(async () => {
      registry = await startAppRegistry();
      test = await startTestFleet({
        worker: false,
        configure: (config) => ({
          ...config,
          contexts: { beta: { help_link: 'x' } },
          registries: { default: [registry.url] },
          fleet: {
            ...config.fleet,
            indexesVersion: version,
            ...(isPooled && { pool: { size: CASES.length, low: 0, reserve: 0 } }),
          },
        }),
      });
      pool = handPool(test.server);
      if (isPooled) for (const _each of CASES) await pool.make();
      await test.startWorker();
      for (const { domain, raw, passphrase } of CASES) {
        await test.remove(domain);
        const { end } = await test.create({ ...raw, domain }, passphrase);
        expect(end).to.include({ state: 'done', outcome: 'created' });
      }
    });

    after(async () => {
      await pool.clear();
      await test.close();
      await registry.close();
    });

    async function stored(domain: string): Promise<StoredInstance> {
      const instance = await test.instance(domain);
      if (instance === undefined) throw new Error(`${domain} is not there`);
      return instance;
    }

    async function settingsDocument(id: string): Promise<StoredDocument> {
      const documents = await test.documents('onboarded.example.org', 'io.cozy.settings');
      const found = documents.find(({ _id }) => _id === id);
      if (found === undefined) throw new Error(`${id} is not there`);
      return found;
    }

    for (const each of CASES) {
      it(`${each.name}: has the same databases, documents, fields and directories`, async () => {
        const directory = join(test.storageRoot, each.domain);
        const made = await dumpInstance(test.server, await stored(each.domain), directory);
        const golden = withSubdirectories(recorded(each.name, version), each);
        const expected = isPooled ? withPrefix(golden, text(made.instance, 'prefix')) : golden;
        if (test.couch.real) expect(made).to.deep.equal(expected);
        else expect(withoutDigests(made)).to.deep.equal(withoutDigests(expected));
      });
    }

    it(`has ${isPooled ? 'a prefix of the pool' : 'the prefix that a stack computes'}`, async () => {
      for (const { domain } of CASES) {
        const { prefix = '' } = await stored(domain);
        expect(isPoolPrefix(prefix), domain).to.equal(isPooled);
        if (!isPooled) expect(prefix).to.equal(prefixOf(domain));
      }
    });

    it('has 16 databases with 22 Mango and 13 JavaScript design documents', async () => {
      const { databases } = await dumpInstance(
        test.server,
        await stored('minimal.example.org'),
        join(test.storageRoot, 'minimal.example.org'),
      );
      const languages = Object.values(databases).flatMap((documents) =>
        documents.flatMap(({ language }) => (language === undefined ? [] : [language])),
      );
      expect(Object.keys(databases)).to.have.length(16);
      expect(languages.filter((language) => language === 'query')).to.have.length(22);
      expect(languages.filter((language) => language === 'javascript')).to.have.length(13);
    });

    it('has indexes that the stack would find as they are, and make none anew', async () => {
      // The embedded server names its indexes as it likes; only CouchDB's own names can be compared.
      const { prefix = '' } = await stored('minimal.example.org');
      const body = { ddoc: 'dir-children', index: { fields: ['dir_id', '_id'] } };
      const answer = await test.server.createIndex(`${prefix}/io-cozy-files`, body);
      expect(answer.result).to.equal('exists');
    });

    it('has JavaScript views that answer', async () => {
      const { prefix = '' } = await stored('minimal.example.org');
      const rows = await test.server.view(`${prefix}/io-cozy-files`, 'disk-usage', 'disk-usage', {});
      expect(rows).to.deep.equal([]);
    });

    it('keeps numbers, texts and booleans in the types the stack reads', async () => {
      const instance = await stored('full.example.org');
      expect(instance.disk_quota).to.equal('5000000000');
      expect(instance.indexes_version).to.equal(version);
      expect(instance.password_defined).to.equal(false);
      expect(instance).to.not.have.any.keys('auth_mode', 'couch_cluster', 'swift_cluster', 'blocked');
    });

    it('has no name or parent in its root directory, and no empty lists', async () => {
      const documents = await test.documents('minimal.example.org', 'io.cozy.files');
      const root = documents.find(({ _id }) => _id === 'io.cozy.files.root-dir');
      expect(root).to.not.have.any.keys('name', 'dir_id', 'cozyMetadata', 'referenced_by', 'tags');
    });

    it('ends createdOn with a slash, and the address of its contact without', async () => {
      const documents = await test.documents('minimal.example.org', 'io.cozy.files');
      const photos = documents.find(({ path }) => path === '/Photos');
      expect(photos?.['cozyMetadata']).to.include({ createdOn: 'https://minimal.example.org/' });
      const contacts = await test.documents('minimal.example.org', 'io.cozy.contacts');
      const myself = contacts.find(({ me }) => me === true);
      expect(myself?.['cozy']).to.deep.equal([{ url: 'https://minimal.example.org', primary: true }]);
    });

    it('hangs the subdirectories of Photos below the Photos document', async () => {
      const documents = await test.documents('full.example.org', 'io.cozy.files');
      const photos = documents.find(({ path }) => path === '/Photos');
      const below = documents.filter(({ path }) => String(path).startsWith('/Photos/'));
      expect(below.map(({ dir_id }) => dir_id)).to.deep.equal([photos?._id, photos?._id]);
    });

    it('shares no generated id or secret with another instance', async () => {
      const files = await Promise.all(CASES.map(({ domain }) => test.documents(domain, 'io.cozy.files')));
      const ids = files.flat().flatMap(({ _id }) => (/^[0-9a-f]{32}$/.test(_id) ? [_id] : []));
      const instances = await Promise.all(CASES.map(({ domain }) => stored(domain)));
      const secrets = instances.map((instance) => text(instance, 'cli_secret'));
      expect(ids).to.have.length(16);
      expect(new Set([...ids, ...instances.map(({ _id }) => _id), ...secrets])).to.have.property('size', 24);
    });

    it('lets everybody enter its directories and only its owner write', async () => {
      const { mode } = await stat(join(test.storageRoot, 'minimal.example.org'));
      expect((mode & 0o7777).toString(8)).to.equal('755');
    });

    it('has a register token of 16 bytes, which its link carries in hex', async () => {
      const token = text(await stored('minimal.example.org'), 'register_token');
      const bytes = Buffer.from(token, 'base64');
      expect(bytes).to.have.length(16);
      const link = `https://minimal.example.org/?registerToken=${bytes.toString('hex')}`;
      expect(registrationLink('https', 'minimal.example.org', token)).to.equal(link);
    });

    it('keeps a passphrase so that the stack accepts it', async () => {
      const instance = await stored('onboarded.example.org');
      const hash = Buffer.from(text(instance, 'passphrase_hash'), 'base64').toString('ascii');
      const [kind, N, r, p, salt = '', key] = hash.split('$');
      expect([kind, N, r, p]).to.deep.equal(['scrypt', '32768', '8', '1']);
      const master = masterKeyByTheBook();
      const hashed = pbkdf2Sync(master, PASSPHRASE, 1, 32, 'sha256').toString('base64');
      const options = { N: 32_768, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };
      const derived = scryptSync(hashed, Buffer.from(salt, 'hex'), 32, options);
      expect(derived.toString('hex')).to.equal(key);
    });

    it('has a vault that the passphrase opens, with a private key that fits its public key', async () => {
      const vault = await settingsDocument('io.cozy.settings.bitwarden');
      const key = openKey(text(vault, 'key'), masterKeyByTheBook());
      expect(key).to.have.length(64);
      const der = openWithMac(text(vault, 'private_key'), key);
      const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const publicDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
      expect(privateKey.asymmetricKeyDetails?.modulusLength).to.equal(2048);
      expect(publicDer.toString('base64')).to.equal(vault['public_key']);
    });

    it('has an organization key that a stack without vault keys opens', async () => {
      const vault = await settingsDocument('io.cozy.settings.bitwarden');
      const bytes = Buffer.from(text(vault, 'encrypted_organization_key'), 'base64');
      expect(bytes.toString('latin1', 0, 4)).to.equal('nacl');
      const opened = nacl.box.open(
        bytes.subarray(28),
        bytes.subarray(4, 28),
        DEV_DECRYPTOR.subarray(0, 32),
        DEV_DECRYPTOR.subarray(32),
      );
      const organizationKey = z.string().parse(JSON.parse(Buffer.from(opened ?? []).toString()));
      expect(Buffer.from(organizationKey, 'base64')).to.have.length(64);
    });

    it('has version 7 UUIDs in its vault, and no kind of key derivation', async () => {
      const vault = await settingsDocument('io.cozy.settings.bitwarden');
      const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
      for (const field of ['security_stamp', 'organization_id', 'collection_id']) {
        expect(vault[field]).to.match(uuid);
      }
      expect(vault).to.not.have.any.keys('passphrase_kdf', 'passphrase_hint');
    });
  });

describe('the look-ups of all instances, compared with those of a real stack of 39', () => {
  it('are the same, if they were made here', async () => {
    const couch = await startTestCouch();
    const server = connectCouch({ url: couch.url, connections: 4 });
    const isShared = await server.databaseExists(INSTANCES);
    await ensureGlobalDatabases(server);
    const query = { startKey: '_design/', endKey: '_design0', includeDocs: true };
    const rows = await server.allDocuments(INSTANCES, query);
    await server.close();
    await couch.close();
    const file = new URL('./39/global-instances.json', import.meta.url);
    const theirs = z.array(document).parse(JSON.parse(readFileSync(file, 'utf8')));
    const ours = rows.flatMap(({ doc }) => (doc ? [normaliseDocument(doc)] : []));
    // On a server that has been in use the index that tells of a stack of 39 is whoever's it was.
    const expected = isShared ? theirs.filter(({ _id }) => ours.some((each) => each['_id'] === _id)) : theirs;
    expect(ours.map(withoutDigest)).to.deep.equal(expected.map(withoutDigest));
    if (couch.real) expect(ours).to.deep.equal(expected);
  });
});

/** Written from the reference, not with our own code (`docs/cozy-data.md` §2.2). */
function masterKeyByTheBook(): Buffer {
  return pbkdf2Sync(PASSPHRASE, 'me@onboarded.example.org', 650_000, 32, 'sha256');
}

/** Type 0: `0.<iv>|<ciphertext>`, without MAC. */
function openKey(sealed: string, masterKey: Buffer): Buffer {
  const [, iv = '', encrypted = ''] = /^0\.([^|]+)\|([^|]+)$/.exec(sealed) ?? [];
  return decrypt(masterKey, iv, encrypted);
}

/** Type 2: `2.<iv>|<ciphertext>|<mac>`. */
function openWithMac(sealed: string, key: Buffer): Buffer {
  const [, iv = '', encrypted = '', mac] = /^2\.([^|]+)\|([^|]+)\|([^|]+)$/.exec(sealed) ?? [];
  const signed = Buffer.concat([Buffer.from(iv, 'base64'), Buffer.from(encrypted, 'base64')]);
  expect(createHmac('sha256', key.subarray(32)).update(signed).digest('base64')).to.equal(mac);
  return decrypt(key.subarray(0, 32), iv, encrypted);
}

function decrypt(key: Buffer, iv: string, encrypted: string): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(encrypted, 'base64')), decipher.final()]);
}
