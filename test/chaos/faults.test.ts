import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import nano from 'nano';
import { prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { readProgress } from '../../src/jobs/queue/progress.ts';
import { type JobEnd, waitForJob } from '../../src/jobs/queue/wait-for-job.ts';
import { fleetYaml } from '../../src/up/config-file.ts';
import { Cleanup } from '../support/cleanup.ts';
import { type Ran, runCommand } from '../support/cli-platform.ts';
import {
  FAULTS,
  type Fault,
  type FaultyProxy,
  type Seen,
  startFaultyProxy,
} from '../support/faulty-proxy.ts';
import { startTestFleet, type TestFleet } from '../support/fleet.ts';
import { temporaryDirectory } from '../support/servers.ts';

const TIMEOUT_MS = 300_000;

/** How long a fault stays that every request meets, in milliseconds. */
const FAULT_MS = 3_000;

/** Milliseconds of silence after which the worker gives a request up. */
const PATIENCE = { timeout: 1_500, readTimeout: 1_500 };

/** Two requests of one kind are the same work with other names. */
function kindOf({ method, path }: Seen): string {
  const [route = '', database = ''] = [path.split('?')[0], /^\/([^/?]*)/.exec(path)?.[1]];
  const isGlobal = database.startsWith('global');
  const rest = route.slice(database.length + 1).replace(/[0-9a-f]{32}/g, 'ID');
  return `${method} ${database.startsWith('_') ? database : isGlobal ? 'global' : 'own'}${rest}`;
}

describe('behind a proxy that is not to be believed', function () {
  this.timeout(TIMEOUT_MS);
  const cleanup = new Cleanup();
  let proxy: FaultyProxy;
  let test: TestFleet;

  before(async () => {
    proxy = cleanup.add(await startFaultyProxy(), (each) => each.close());
    const behind = {
      concurrency: FAULTS.length,
      patience: PATIENCE,
      configure(config) {
        proxy.target = config.couchdb.url;
        return { ...config, couchdb: { url: proxy.url, clusters: [{ url: proxy.url, creation: true }] } };
      },
    } satisfies Parameters<typeof startTestFleet>[0];
    test = cleanup.add(await startTestFleet(behind), (each) => each.close());
  });

  afterEach(() => {
    proxy.rule = () => undefined;
  });

  after(() => cleanup.run());

  function domainOf(fault: Fault, name: string): string {
    return test.domain(`${name}-${fault.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`);
  }

  /** Names of everything that is there of a domain, as another client sees it. */
  async function leftOf(domain: string): Promise<string[]> {
    const other = nano(test.couch.url);
    const databases = (await other.db.list()).filter((name) => name.startsWith(prefixOf(domain)));
    const documents = await other.use('global/instances').fetch({ keys: [reservationId(domain)] });
    const isThere = documents.rows.some((row) => 'doc' in row && row.doc);
    const folders = (await readdir(test.storageRoot)).filter((name) => name.includes(domain));
    return [...databases, ...(isThere ? ['document'] : []), ...folders];
  }

  async function ended(jobId: string): Promise<JobEnd> {
    return await waitForJob(test.fleet, jobId, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  }

  async function destroy(domain: string): Promise<string> {
    const found = await test.instance(domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    const seen = { id: found._id, incarnation: incarnationOf(found) };
    const work = { kind: 'destroy' as const, domain, seen, skipAccounts: false, resume: false };
    return (await enqueueJob(test.fleet, { work, tries: 8 })).jobId;
  }

  /**
   * Lets each domain's requests meet its fault, the first of each kind.
   * @returns the kinds that have met it, by domain
   */
  function meetOnce(domains: ReadonlyMap<string, Fault>): ReadonlyMap<string, Set<string>> {
    const names = [...domains.keys()].map((domain) => [prefixOf(domain), reservationId(domain), domain]);
    const met = new Map([...domains.keys()].map((domain) => [domain, new Set<string>()]));
    proxy.rule = (request) => {
      const text = decodeURIComponent(request.path) + request.body;
      const domain = names.find((each) => each.some((name) => text.includes(name)))?.[2] ?? '';
      const kind = kindOf(request);
      const kinds = met.get(domain);
      if (kinds === undefined || kinds.has(kind)) return undefined;
      kinds.add(kind);
      return domains.get(domain);
    };
    return met;
  }

  it('creates and destroys whole instances, although each kind of request meets each fault', async () => {
    const domains = new Map(FAULTS.map((fault) => [domainOf(fault, 'once'), fault]));
    const met = meetOnce(domains);
    const creations = await Promise.all([...domains.keys()].map((domain) => test.submit({ domain })));
    for (const [at, jobId] of creations.entries()) {
      expect(await ended(jobId), FAULTS[at]).to.include({ state: 'done', outcome: 'created' });
    }
    for (const [domain, fault] of domains) {
      expect(await test.databases(domain), fault).to.have.length(16);
      expect(met.get(domain)?.size, fault).to.be.greaterThan(5);
    }
    const again = meetOnce(domains);
    const destructions = await Promise.all([...domains.keys()].map(destroy));
    for (const [at, jobId] of destructions.entries()) {
      expect(await ended(jobId), FAULTS[at]).to.include({ state: 'done', outcome: 'destroyed' });
    }
    for (const [domain, fault] of domains) {
      expect(await leftOf(domain), fault).to.deep.equal([]);
      expect(again.get(domain)?.size, fault).to.be.greaterThan(4);
    }
  });

  for (const fault of ['404 text/plain', 'HTML 200', '502 HTML', '401 HTML'] satisfies Fault[]) {
    it(`spends no try on jobs while every request is answered by ${fault}`, async () => {
      const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => domainOf(fault, name));
      const until = performance.now() + FAULT_MS;
      proxy.rule = () => (performance.now() < until ? fault : undefined);
      const jobs = await Promise.all(names.map((domain) => test.submit({ domain })));
      for (const jobId of jobs) {
        expect(await ended(jobId)).to.include({ state: 'done', outcome: 'created' });
        const job = await test.fleet.queue.getJob(jobId);
        expect(job?.attemptsMade).to.equal(1);
        expect(readProgress(job?.progress).stages.map(({ state }) => state)).to.not.include('running');
      }
      // What is left would be checked by the commands below, again and again.
      await Promise.all(names.map((domain) => test.remove(domain)));
    });
  }

  it('tries again when a node does not know yet what was made on another', async () => {
    const met = new Set<string>();
    proxy.rule = ({ method, path }) => {
      if (method !== 'POST' || !path.endsWith('/_bulk_docs') || met.has(path)) return undefined;
      met.add(path);
      return 'no database yet';
    };
    const jobId = await test.submit({ domain: test.domain('lagging') });
    expect(await ended(jobId)).to.include({ state: 'done', outcome: 'created' });
    expect(met.size).to.be.greaterThan(10);
  });

  for (const fault of ['empty list', 'HTML 200', 'half a body, said to be whole'] satisfies Fault[]) {
    it(`deletes every database although the list of them is first answered by ${fault}`, async () => {
      const domain = domainOf(fault, 'listed');
      await test.create({ domain });
      await test.server.createDatabase(`${prefixOf(domain)}/io-cozy-bank-operations`);
      let lists = 0;
      proxy.rule = ({ path }) => {
        if (!path.startsWith('/_all_dbs')) return undefined;
        lists += 1;
        return lists <= 2 ? fault : undefined;
      };
      expect(await ended(await destroy(domain))).to.include({ state: 'done', outcome: 'destroyed' });
      expect(await leftOf(domain)).to.deep.equal([]);
    });
  }

  describe('a command', () => {
    let configFile: string;

    before(async () => {
      const directory = cleanup.add(await temporaryDirectory('cli'), (each) => each.remove());
      configFile = join(directory.path, 'cozy.yaml');
      const { redis, storageRoot } = test;
      const settings = {
        couchUrl: proxy.url,
        storageRoot,
        redisUrl: redis.url,
        linkScheme: 'https',
      } as const;
      await writeFile(configFile, fleetYaml(settings), { mode: 0o600 });
      await test.create({ domain: test.domain('listed') });
    });

    function run(...argv: string[]): Promise<Ran> {
      return runCommand(...argv, '--config', configFile);
    }

    /** Faults that are over at once; those that make a command wait are left to the tests of the client. */
    const QUICK = FAULTS.filter((fault) => !fault.startsWith('stall'));
    const CHOSEN: readonly Fault[] = process.env['CHAOS_ALL_FAULTS']
      ? QUICK
      : ['cut body', 'half a body, said to be whole', 'HTML 200', '404 text/plain', 'reset after'];

    for (const command of ['ls', 'count', 'fsck --all']) {
      it(`never shows a short list by instances ${command}, and names the host instead`, async () => {
        const argv = ['instances', ...command.split(' ')];
        const truth = await run(...argv);
        expect(truth.exitCode, truth.stderr).to.equal(0);
        for (const fault of CHOSEN) {
          const met = new Set<string>();
          proxy.rule = ({ path, body }) => {
            const isFirst = !met.has(path + body);
            met.add(path + body);
            return isFirst ? fault : undefined;
          };
          const { stdout: shown, exitCode: ended } = await run(...argv);
          expect({ shown, ended }, `${fault} once a request`).to.deep.equal({
            shown: truth.stdout,
            ended: truth.exitCode,
          });
          // The first request is let through: that a server answers at all is asked first.
          let requests = 0;
          proxy.rule = () => {
            requests += 1;
            return requests > 1 ? fault : undefined;
          };
          const { stdout, stderr, exitCode } = await run(...argv);
          expect({ stdout, exitCode }, fault).to.deep.equal({ stdout: '', exitCode: 1 });
          expect(stderr, fault).to.contain(proxy.host);
        }
      });
    }

    it('removes all of an instance by instances destroy, or says that it did not', async () => {
      for (const fault of CHOSEN) {
        const domain = domainOf(fault, 'cli');
        await test.create({ domain });
        const met = new Set<string>();
        proxy.rule = (request) => {
          if (met.has(kindOf(request))) return undefined;
          met.add(kindOf(request));
          return fault;
        };
        const { stdout, exitCode, stderr } = await run('instances', 'destroy', domain, '--force');
        proxy.rule = () => undefined;
        expect(exitCode, `${fault}: ${stderr}`).to.equal(0);
        expect(stdout, fault).to.contain('success');
        expect(await leftOf(domain), fault).to.deep.equal([]);
      }
    });

    it('says by instances destroy who does not answer, and leaves the instance as it was', async () => {
      const domain = test.domain('kept');
      await test.create({ domain });
      const before = [await test.instance(domain), await leftOf(domain)];
      for (const fault of CHOSEN) {
        proxy.rule = () => fault;
        const { stderr, exitCode } = await run('instances', 'destroy', domain, '--force');
        proxy.rule = () => undefined;
        expect(exitCode, fault).to.equal(1);
        expect(stderr, fault).to.contain(proxy.host);
        expect([await test.instance(domain), await leftOf(domain)], fault).to.deep.equal(before);
      }
    });
  });
});
