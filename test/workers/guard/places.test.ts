import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { toError } from '../../../src/errors.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../../src/instances/documents/incarnation.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { checkInstance } from '../../../src/instances/fsck/check-instance.ts';
import { createPrefixIndex } from '../../../src/instances/lookup/prefix-index.ts';
import type { JobSpec } from '../../../src/jobs/kinds/payload.ts';
import { enqueueJob } from '../../../src/jobs/queue/enqueue.ts';
import { fileStorage } from '../../../src/storage/file-storage.ts';
import { json } from '../../apps/registry-server.ts';
import { brief } from '../../instances/fsck/brief.ts';
import { type AppRegistry, latest, registryAnswer, startAppRegistry } from '../../support/app-registry.ts';
import { startTestFleet, type TestFleet } from '../../support/fleet.ts';
import { snapshot } from '../../support/snapshot.ts';

const SECRET = 'AAAA';

describe('the places that workers touch', () => {
  let registry: AppRegistry;
  let test: TestFleet;
  let around: string;

  before(async () => {
    registry = await startAppRegistry();
    registry.routes.set(latest('tasks'), json(registryAnswer('agenda', registry.url, 'tasks')));
    test = await startTestFleet({
      configure: (config) => ({ ...config, registries: { default: [registry.url] } }),
    });
    around = dirname(test.storageRoot);
    for (const path of ['storage-other/mallory/.cozy_trash', 'outside/emptydir']) {
      await mkdir(join(around, path), { recursive: true });
    }
    await writeFile(join(around, 'storage-other/mallory/thesis.pdf'), 'years of work');
  });

  after(async () => {
    await test.close();
    await registry.close();
  });

  async function made(name: string): Promise<StoredInstance> {
    const { domain, end } = await test.create({ domain: test.domain(name) });
    expect(end).to.include({ state: 'done' });
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  /** Gives an instance an application in an old version, without its code. */
  async function putApp({ domain }: StoredInstance): Promise<void> {
    const app = {
      _id: 'io.cozy.apps/tasks',
      source: 'registry://tasks/stable',
      version: '0.0.1',
      state: 'ready',
    };
    const permissions = { _id: 'tasks', type: 'app', source_id: app._id };
    for (const [doctype, document] of [
      ['io.cozy.apps', app],
      ['io.cozy.permissions', permissions],
    ] as const) {
      const database = databaseName(prefixOf(domain), doctype);
      await test.server.createDatabase(database);
      await test.server.putDocument(database, document);
    }
  }

  /** A document as anybody may write it who has access to CouchDB. */
  async function written(domain: string): Promise<StoredInstance> {
    const prefix = `cozy${createHash('md5').update(domain).digest('hex')}`;
    return await test.putInstance({ domain, prefix, cli_secret: SECRET, onboarding_finished: true });
  }

  /** What is ordered for an instance that an operator saw in a list. */
  function orders({ _id: id, domain, cli_secret: secret = '' }: StoredInstance): readonly JobSpec[] {
    const on = { domain, seen: { id, incarnation: incarnationOf({ cli_secret: secret }) } };
    return [
      { ...on, kind: 'install-apps', apps: ['agenda'] },
      { ...on, kind: 'modify-and-install', changes: { locale: 'en' }, apps: ['agenda'] },
      { ...on, kind: 'update-apps', apps: ['tasks'], safe: false },
      { ...on, kind: 'uninstall-apps', apps: ['tasks'], purgeCode: true },
      { ...on, kind: 'repair', recreateEmpty: false, dropReservation: false },
      { ...on, kind: 'destroy', skipAccounts: true, resume: false },
    ];
  }

  /** How the job ended, or that there was none. */
  async function refusal(work: JobSpec): Promise<{ readonly state: string; readonly code: string }> {
    try {
      const end = await test.ended((await enqueueJob(test.fleet, { work, tries: 1 })).jobId);
      return { state: end.state, code: end.state === 'failed' ? end.code : '' };
    } catch (thrown) {
      return { state: 'failed', code: toError(thrown).name };
    }
  }

  /** All around the storage, but what the cache of applications gets. */
  async function everything(): Promise<Record<string, string>> {
    const all = await snapshot(around);
    const cache = basename(`${test.storageRoot}-apps`);
    return Object.fromEntries(Object.entries(all).filter(([path]) => !path.startsWith(cache)));
  }

  const domains: readonly (readonly [string, (bob: string) => string])[] = [
    ['another instance, with a slash', (bob) => `${bob}/`],
    ['another instance, with a dot', (bob) => `./${bob}`],
    ['another instance, by way of the directory above', (bob) => `../storage/${bob}`],
    ['a directory of another instance', (bob) => `${bob}/Photos`],
    ['one of another storage', () => '../storage-other/mallory'],
    ['an empty directory outside', () => '../outside/emptydir'],
    ['a directory of the stack', () => 'exports'],
  ];

  for (const [what, domainOf] of domains) {
    it(`are not those that a document means with its domain: ${what}`, async () => {
      const bob = await made('bob');
      await mkdir(join(test.storageRoot, 'exports/.cozy_trash'), { recursive: true });
      const odd = await written(domainOf(bob.domain));
      const before = await everything();
      for (const work of orders(odd)) {
        const { state, code } = await refusal(work);
        expect(state, work.kind).to.equal('failed');
        expect(code, work.kind).to.not.equal('internal');
        expect(await everything(), work.kind).to.deep.equal(before);
      }
      expect(await test.instance(bob.domain)).to.deep.equal(bob);
      await test.server.deleteDocument('global/instances', odd._id, odd._rev);
      await test.remove(bob.domain);
    });
  }

  it('are told with the domain and what to do about it', async () => {
    const odd = await written('exports');
    const [work] = orders(odd).slice(-1);
    if (work === undefined) throw new Error('nothing is ordered');
    const end = await test.ended((await enqueueJob(test.fleet, { work, tries: 2 })).jobId);
    expect(end).to.include({ state: 'failed', code: 'unsafe_path' });
    expect(end).to.have.property('message').that.includes('exports');
    await test.server.deleteDocument('global/instances', odd._id, odd._rev);
  });

  for (const [what, targetOf] of [
    ['that of another', (bob: string) => join(test.storageRoot, bob)],
    ['one of another storage', () => join(around, 'storage-other/mallory')],
    ['an empty one', () => join(around, 'outside/emptydir')],
  ] as const) {
    it(`are not those that a link leads to where the directory of an instance should be: ${what}`, async () => {
      const [alice, bob] = [await made('alice'), await made('bob')];
      await putApp(alice);
      const place = join(test.storageRoot, alice.domain);
      await rename(place, join(around, 'outside/alice'));
      await symlink(targetOf(bob.domain), place);
      const before = await everything();
      for (const work of orders(alice)) {
        expect(await refusal(work), work.kind).to.have.property('state', 'failed');
        expect(await everything(), work.kind).to.deep.equal(before);
      }
      expect(await findings(alice)).to.include('type_mismatch /');
      await rm(join(around, 'outside/alice'), { recursive: true });
      for (const { domain } of [alice, bob]) await test.remove(domain);
    });
  }

  it('are not those that a link leads to within the directory of an instance', async () => {
    const [alice, bob] = [await made('alice'), await made('bob')];
    await putApp(alice);
    const photos = join(test.storageRoot, alice.domain, 'Photos');
    const bobs = join(test.storageRoot, bob.domain);
    await rm(photos, { recursive: true });
    await symlink(join(bobs, 'Photos'), photos);
    await symlink(bobs, join(test.storageRoot, alice.domain, '.cozy_apps'));
    const before = await snapshot(bobs);
    for (const work of orders(alice).slice(0, -1)) {
      expect(await refusal(work), work.kind).to.have.property('state', 'failed');
      expect(await snapshot(bobs), work.kind).to.deep.equal(before);
    }
    const [destroy] = orders(alice).slice(-1);
    if (destroy !== undefined) expect(await refusal(destroy)).to.include({ state: 'done' });
    expect(await readdir(test.storageRoot)).to.not.include(alice.domain);
    expect(await snapshot(bobs)).to.deep.equal(before);
  });

  it('are no others than an empty directory where a creation stopped before it made the trash', async () => {
    const domain = test.domain('half');
    // Directories are made while the databases are.
    test.beforeStage('databases', async () => {
      await mkdir(join(test.storageRoot, domain));
      throw Object.assign(new Error('made to fail'), { name: 'Stopped' });
    });
    const { end } = await test.create({ domain });
    expect(end).to.include({ state: 'failed' });
    const half = await test.instance(domain);
    const { ino } = await stat(join(test.storageRoot, domain));
    const [destroy] = orders(
      half ?? { _id: '', _rev: '', domain, locale: '', password_defined: false },
    ).slice(-1);
    if (destroy === undefined) throw new Error('nothing is ordered');
    expect(await refusal(destroy)).to.include({ state: 'done' });
    expect(await test.instance(domain)).to.equal(undefined);
    expect((await stat(join(test.storageRoot, domain))).ino).to.equal(ino);
    const again = await test.create({ domain });
    expect(again.end).to.include({ state: 'done', outcome: 'created' });
  });

  async function findings(instance: StoredInstance): Promise<string[]> {
    const { server } = test;
    const found: string[] = [];
    const context = {
      global: server,
      cluster: () => server,
      storage: fileStorage(test.storageRoot),
      hasJob: () => Promise.resolve(false),
      prefixIndex: createPrefixIndex(server),
      instance,
      signal: AbortSignal.timeout(30_000),
    };
    for await (const each of checkInstance(context, { index: true, files: true })) found.push(brief(each));
    return found;
  }
});
