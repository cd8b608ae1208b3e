import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { unlessNoDatabase } from '../../src/couchdb/errors.ts';
import { databaseName } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import { INSTANCES } from '../../src/instances/lookup/lookup.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { waitForJob } from '../../src/jobs/queue/wait-for-job.ts';
import { inOrder, normaliseDocument } from '../golden/dump.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { Cleanup } from '../support/cleanup.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { publishApp } from '../support/publish-app.ts';
import { type RealStack, startRealStack } from '../support/real-stack.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis } from '../support/servers.ts';
import { until } from '../support/until.ts';

// Runs where both are given: COUCHDB_URL, a CouchDB that the stack works on, and STACK_BIN, the program of a stack.
const { STACK_BIN: program, COUCHDB_URL: couchUrl } = process.env;

/** How many instances, and how many of them have the large application. */
const FLEET = Number(process.env['STACK_FLEET'] ?? 12);
const LARGE = Math.min(FLEET, 10);
/** Instances on which the stack checks all it can check. */
const CHECKED = Math.min(FLEET, Number(process.env['STACK_CHECKED'] ?? 20));

type Task =
  | {
      readonly kind: 'update-apps';
      readonly apps: string[];
      readonly safe: boolean;
      readonly channel?: string;
      readonly source?: string;
    }
  | { readonly kind: 'uninstall-apps'; readonly apps: string[]; readonly purgeCode: boolean };

const FILES = 3_000;
const FILE_BYTES = 10_000;

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../golden/apps/${name}`, import.meta.url), 'utf8'));
const AGENDA = {
  ...manifestOf('agenda/manifest.webapp'),
  routes: {
    '/': { folder: '/', index: 'index.html', public: false },
    '/public': { folder: '/', index: 'index.html', public: true },
  },
};
const WATERBILL = { ...manifestOf('waterbill/manifest.konnector'), on_delete_account: 'onDelete.js' };
const WIDER = { ...AGENDA.permissions, all: { description: 'All files', type: 'io.cozy.files' } };
const OTHER_SERVICES = {
  onEvent: AGENDA.services.onEvent,
  evening: { type: 'node', file: 'services/evening.js', trigger: '@cron 0 0 19 * * *' },
};

describe(`applications of ${FLEET} instances beside a running stack`, function () {
  this.timeout(30 * 60_000);
  const suite = new Cleanup();
  let registry: AppRegistry;
  let test: TestFleet;
  let stack: RealStack;
  let domains: readonly string[];
  let twins: { readonly ours: string; readonly theirs: string };

  before(async function () {
    if (!program || !couchUrl) {
      this.skip();
      return;
    }
    registry = suite.add(await startAppRegistry(), (each) => each.close());
    publish('2.3.1', {}, ['stable']);
    publishApp(
      registry,
      'waterbill',
      '1.0.4',
      WATERBILL,
      ['stable'],
      [{ path: 'onDelete.js', content: '0' }],
    );
    const redis = suite.add(await startTestRedis(), (each) => each.close());
    const target = redisAt(redis.url);
    test = suite.add(
      await startTestFleet({
        configure: (config) => ({
          ...config,
          stackRedis: { jobs: target, lock: target },
          registries: { default: [registry.url] },
        }),
      }),
      (each) => each.close(),
    );
    stack = suite.add(
      await startRealStack({
        program,
        couchUrl,
        storageRoot: test.storageRoot,
        redisUrl: redis.url,
        registryUrl: registry.url,
      }),
      (each) => each.close(),
    );
    domains = Array.from({ length: FLEET }, (_, at) => test.domain(`fleet-${at}`));
    twins = { ours: test.domain('ours'), theirs: test.domain('theirs') };
    const all = [...domains, twins.ours, twins.theirs];
    const jobs = await Promise.all(
      all.map((domain, at) =>
        test.submit({ domain, apps: at < LARGE ? 'agenda,waterbill,large' : 'agenda,waterbill' }),
      ),
    );
    for (const jobId of jobs) expect(await endOf(jobId)).to.include({ outcome: 'created' });
    for (const domain of all) {
      await welcome(domain);
      await giveAccount(domain);
    }
  });

  after(() => suite.run());

  /** Both webapps in that version. */
  function publish(version: string, changes: object, channels: readonly string[]): void {
    const files = Array.from({ length: FILES }, (_, at) => ({
      path: `assets/${at % 50}/${at}.bin`,
      content: randomBytes(FILE_BYTES),
    }));
    publishApp(registry, 'agenda', version, { ...AGENDA, ...changes, version }, channels);
    publishApp(registry, 'large', version, { ...AGENDA, slug: 'large', version }, channels, files);
  }

  async function endOf(jobId: string) {
    return await waitForJob(test.fleet, jobId, { signal: AbortSignal.timeout(20 * 60_000) });
  }

  async function put(domain: string, doctype: string, document: { _id: string }): Promise<void> {
    const database = databaseName((await test.instance(domain))?.prefix ?? '', doctype);
    await test.server.createDatabase(database);
    await test.server.putDocument(database, document);
  }

  /** Its owner has chosen a passphrase: before that a stack sends visitors to that page. */
  async function welcome(domain: string): Promise<void> {
    const instance = await test.instance(domain);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    await test.server.putDocument(INSTANCES, { ...instance, onboarding_finished: true });
  }

  /** Two accounts of waterbill: one that a trigger names, and one that nothing names. */
  async function giveAccount(domain: string): Promise<void> {
    for (const _id of ['water', 'forgotten']) {
      await put(domain, 'io.cozy.accounts', { _id, ...{ account_type: 'waterbill', auth: { login: _id } } });
    }
    const message = { konnector: 'waterbill', account: 'water' };
    const trigger = {
      type: '@cron',
      arguments: '0 0 3 * * 1',
      worker: 'konnector',
    };
    await put(domain, 'io.cozy.triggers', {
      _id: 'of-water',
      ...{ ...trigger, domain, prefix: (await test.instance(domain))?.prefix, message },
    });
  }

  /** Queues the same for all of them, and waits. @returns how many ended in each way */
  async function forAll(names: readonly string[], task: Task): Promise<Readonly<Record<string, number>>> {
    const jobs = await Promise.all(
      names.map(async (domain) => {
        const instance = await test.instance(domain);
        if (instance === undefined) throw new Error(`there is no ${domain}`);
        const seen = { id: instance._id, incarnation: incarnationOf(instance) };
        return (await enqueueJob(test.fleet, { work: { ...task, domain, seen }, tries: 8 })).jobId;
      }),
    );
    const counts: Record<string, number> = {};
    for (const jobId of jobs) {
      const end = await endOf(jobId);
      const how = 'outcome' in end ? String(end.outcome) : JSON.stringify(end);
      counts[how] = (counts[how] ?? 0) + 1;
    }
    return counts;
  }

  async function expectServed(names: readonly string[], slug: string, version: string): Promise<void> {
    for (const domain of names) {
      const { status, body } = await stack.get(`${slug}.${domain}`, '/public/');
      expect({ domain, status, body }).to.deep.equal({ domain, status: 200, body: `${slug} ${version}` });
    }
  }

  async function expectClean(): Promise<void> {
    for (const domain of domains.slice(0, CHECKED)) {
      for (const what of ['fs', 'triggers']) {
        expect((await stack.cli('check', what, domain)).trim(), `${what} of ${domain}`).to.equal('');
      }
    }
  }

  async function appOf(domain: string, slug: string) {
    const documents = await test.documents(domain, 'io.cozy.apps');
    return documents.find(({ _id }) => _id === `io.cozy.apps/${slug}`);
  }

  /** What is there of a twin's applications, with what differs for each instance in the place of its own. */
  async function dumpOf(domain: string): Promise<Readonly<Record<string, unknown>>> {
    const doctypes = ['apps', 'konnectors', 'permissions', 'triggers', 'accounts', 'accounts.soft_deleted'];
    const prefix = (await test.instance(domain))?.prefix ?? '';
    const dump: Record<string, unknown> = {};
    for (const doctype of doctypes) {
      const reading = test.documents(domain, `io.cozy.${doctype}`);
      const documents = (await unlessNoDatabase(reading)) ?? [];
      const own = documents.filter(({ _id }) => !_id.startsWith('_design/')).map(normaliseDocument);
      const text = JSON.stringify(inOrder(own)).replaceAll(domain, '<domain>').replaceAll(prefix, '<prefix>');
      dump[doctype] = JSON.parse(text);
    }
    return dump;
  }

  async function expectTwins(): Promise<void> {
    const [ours, theirs] = [await dumpOf(twins.ours), await dumpOf(twins.theirs)];
    expect(ours).to.deep.equal(theirs);
  }

  const update: Task = { kind: 'update-apps', apps: ['agenda', 'large'], safe: false };

  it('serves what was installed', async () => {
    await expectServed(domains, 'agenda', '2.3.1');
    await expectServed(domains.slice(0, LARGE), 'large', '2.3.1');
    await expectClean();
  });

  it('updates them, changed services included, and the stack serves it', async () => {
    // Each step has a channel of its own, for workers keep what a registry says of one for a minute.
    publish('2.4.0', { services: OTHER_SERVICES }, ['next']);
    const task: Task = { ...update, channel: 'next' };
    expect(await forAll([...domains, twins.ours], task)).to.deep.equal({ updated: FLEET + 1 });
    await expectServed(domains, 'agenda', '2.4.0');
    await expectServed(domains.slice(0, LARGE), 'large', '2.4.0');
    await expectClean();
  });

  it('leaves what a stack leaves after an update of its own', async () => {
    await stack.cli('apps', 'update', 'agenda', 'registry://agenda/next', '--domain', twins.theirs);
    await expectTwins();
  });

  it('holds a version with other permissions back where it is to be safe', async () => {
    const wider = { ...AGENDA, services: OTHER_SERVICES, permissions: WIDER, version: '2.5.0' };
    publishApp(registry, 'agenda', '2.5.0', wider, ['wide']);
    const task: Task = { ...update, apps: ['agenda'], channel: 'wide', safe: true };
    expect(await forAll([...domains, twins.ours], task)).to.deep.equal({
      'not-updated': FLEET + 1,
    });
    for (const domain of domains) {
      expect(await appOf(domain, 'agenda')).to.include({ version: '2.4.0', available_version: '2.5.0' });
    }
    const wide = 'registry://agenda/wide';
    await stack.cli('apps', 'update', 'agenda', wide, '--safe', '--domain', twins.theirs);
    await expectTwins();
    await expectServed(domains, 'agenda', '2.4.0');
  });

  it('takes them to another source, with what they ask for', async () => {
    publishApp(registry, 'agenda', '2.6.0', { ...AGENDA, permissions: WIDER, version: '2.6.0' }, ['beta']);
    const source = 'registry://agenda/beta';
    expect(await forAll([...domains, twins.ours], { ...update, apps: ['agenda'], source })).to.deep.equal({
      updated: FLEET + 1,
    });
    await expectServed(domains, 'agenda', '2.6.0');
    await stack.cli('apps', 'update', 'agenda', source, '--domain', twins.theirs);
    await expectTwins();
    await expectClean();
  });

  it('uninstalls webapps and konnectors, whose accounts the stack deletes at their providers', async () => {
    const task: Task = { kind: 'uninstall-apps', apps: ['agenda', 'waterbill'], purgeCode: false };
    expect(await forAll([...domains, twins.ours], task)).to.deep.equal({ uninstalled: FLEET + 1 });
    for (const domain of domains) {
      expect((await stack.get(`agenda.${domain}`, '/public/')).status).to.equal(404);
      expect(await test.documents(domain, 'io.cozy.konnectors')).to.deep.equal([]);
      const jobs = await test.documents(domain, 'io.cozy.jobs');
      const ends = jobs.filter(({ worker }) => worker === 'konnector').map(({ state }) => state);
      expect(ends).to.deep.equal(['done']);
    }
    await expectClean();
  });

  it('leaves what a stack leaves after uninstalling', async () => {
    await stack.cli('apps', 'uninstall', 'agenda', '--domain', twins.theirs);
    await stack.cli('konnectors', 'uninstall', 'waterbill', '--domain', twins.theirs);
    await until('the stack has uninstalled the konnector', async () => {
      const left = await test.documents(twins.theirs, 'io.cozy.konnectors');
      return !left.some(({ _id }) => !_id.startsWith('_design/'));
    });
    await expectTwins();
  });
});
