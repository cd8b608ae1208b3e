import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { appId, PERMISSIONS, TRIGGERS } from '../../src/apps/manifest/documents.ts';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { type ArchiveEntry, tgzOf } from '../apps/archives.ts';
import { bytes, json, startWebServer, type WebServer } from '../apps/registry-server.ts';
import { archive, latest, registryAnswer } from '../support/app-registry.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  openChaosFleet,
  optionsFor,
  progressOf,
  queueInstance,
  triesOf,
} from '../support/chaos-fleet.ts';
import { type HoldRule, openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { until } from '../support/until.ts';

const TIMEOUT_MS = 120_000;

/** A moment of an installation at which the worker is killed. */
interface Point {
  readonly what: string;
  /** Which of the two servers is asked. */
  readonly of: 'registry' | 'couchdb';
  /** @param prefix beginning of the paths of the instance's databases */
  rule(prefix: string, slug: string): Omit<HoldRule, 'at'>;
}

const POINTS: readonly Point[] = [
  {
    what: 'the answer of the registry',
    of: 'registry',
    rule: (_, slug) => ({ method: 'GET', path: new RegExp(`^${latest(slug)}$`) }),
  },
  {
    what: 'the archive',
    of: 'registry',
    rule: (_, slug) => ({ method: 'GET', path: new RegExp(`^${archive(slug)}$`) }),
  },
  {
    what: 'the triggers',
    of: 'couchdb',
    // The first request of that kind brought the indexes.
    rule: (prefix) => ({
      method: 'POST',
      path: new RegExp(`^/${prefix}/io-cozy-triggers/_bulk_docs$`),
      nth: 2,
    }),
  },
  {
    what: 'the permissions',
    of: 'couchdb',
    rule: (prefix) => ({ method: 'PUT', path: new RegExp(`^/${prefix}/io-cozy-permissions/.`) }),
  },
  {
    what: 'the document of the application',
    of: 'couchdb',
    rule: (prefix) => ({ method: 'PUT', path: new RegExp(`^/${prefix}/io-cozy-apps/.`) }),
  },
];

const KILLS = POINTS.flatMap((point) => (['before', 'after'] as const).map((at) => ({ ...point, at })));

/** What is installed where the worker is killed while it unpacks: large enough to be caught at it. */
const LARGE = 'large';

const slugOf = (at: number): string => `app-${at}`;

const NAMES = [
  ...KILLS.map(({ at, what }, index) => ({ name: `${at} ${what}`, slug: slugOf(index) })),
  { name: 'while it unpacked', slug: LARGE },
];

/** Has a registry offer the sample under another name, with an archive of its own. */
function offer({ routes }: WebServer, slug: string, by: string, more: readonly ArchiveEntry[] = []): void {
  const answer = registryAnswer('agenda', by, slug);
  const files = [
    { path: 'manifest.webapp', content: JSON.stringify(answer['manifest']) },
    { path: 'index.html', content: slug },
    ...more,
  ];
  const content = tgzOf(files);
  const sha256 = createHash('sha256').update(content).digest('hex');
  routes.set(latest(slug), json({ ...answer, sha256, tar_prefix: '', url: `${by}${archive(slug)}` }));
  routes.set(archive(slug), bytes(content));
}

describe('an installation whose worker was killed', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  const domains = new Map<string, string>();
  const jobs = new Map<string, string>();
  let chaos: ChaosFleet;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    const registry = suite.add(await startWebServer(), (each) => each.close());
    const gates = {
      couchdb: suite.add(await openGate(couch.url), (each) => each.close()),
      registry: suite.add(await openGate(registry.url), (each) => each.close()),
    };
    const text = Array.from({ length: 40 }, (_, at) => ({
      path: `chunk-${at}.js`,
      content: randomBytes(200_000).toString('base64'),
    }));
    for (const { slug } of NAMES) offer(registry, slug, gates.registry.url, slug === LARGE ? text : []);
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    for (const { slug } of NAMES) domains.set(slug, chaos.domain(slug));
    const settings = {
      ...chaos.settings,
      couchUrl: gates.couchdb.url,
      registryUrl: gates.registry.url,
      concurrency: NAMES.length,
    };
    const holds = KILLS.map(({ of, rule, at }, index) => {
      const prefix = prefixOf(domains.get(slugOf(index)) ?? '');
      return gates[of].hold({ ...rule(prefix, slugOf(index)), at });
    });
    const worker = suite.add(await startChaosWorker(settings), (each) => each.kill());
    await Promise.all(KILLS.map((_, index) => order(slugOf(index))));
    await Promise.all(holds.map(({ reached }) => reached));
    await order(LARGE);
    await until('it unpacks', async () => (await inCache()).some((name) => /tmp.*\.br$/.test(name)));
    await worker.kill();
    for (const hold of holds) hold.release();
    const rescuer = suite.add(await startChaosWorker(settings), (each) => each.kill());
    await Promise.all([...jobs.values()].map((jobId) => endOf(chaos, jobId)));
    await rescuer.kill();
  });
  after(() => suite.run());

  async function order(slug: string): Promise<void> {
    const options = optionsFor(domains.get(slug) ?? '', { apps: slug });
    jobs.set(slug, await queueInstance(chaos, options));
  }

  async function inCache(): Promise<string[]> {
    try {
      return await readdir(`${chaos.settings.storageRoot}-apps`, { recursive: true });
    } catch {
      // It is walked through while the worker works in it.
      return [];
    }
  }

  async function documents(domain: string, doctype: string): Promise<CouchDocument[]> {
    const database = databaseName(prefixOf(domain), doctype);
    const rows = await chaos.couch.allDocuments(database, { includeDocs: true });
    return rows.flatMap(({ doc }) => (doc && !doc._id.startsWith('_design/') ? [doc] : []));
  }

  for (const { name, slug } of NAMES) {
    describe(name, () => {
      let domain: string;
      let jobId: string;

      before(() => {
        domain = domains.get(slug) ?? '';
        jobId = jobs.get(slug) ?? '';
      });

      it('is finished by another, which makes nothing of the instance anew', async () => {
        expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'created' });
        const { databases, finish, apps } = triesOf(await progressOf(chaos, jobId));
        expect({ databases, finish }).to.deep.equal({ databases: 1, finish: 1 });
        // A slow machine may take longer for the large one than a held request waits.
        expect(apps).to.be.at.least(2);
        expect(await findings(chaos, optionsFor(domain))).to.deep.equal([]);
      });

      it('leaves one document of each kind', async () => {
        const apps = await documents(domain, 'io.cozy.apps');
        expect(apps.map(({ _id }) => _id)).to.deep.equal([appId('webapp', slug)]);
        expect(await documents(domain, PERMISSIONS)).to.have.length(1);
        expect(await documents(domain, TRIGGERS)).to.have.length(2);
      });

      it('leaves no half directory', async () => {
        const place = join(chaos.settings.storageRoot, domain, '.cozy_apps', slug);
        const [folder, ...others] = await readdir(place);
        expect(folder).to.match(/^2\.3\.1-[0-9a-f]{64}$/);
        expect(others).to.deep.equal([]);
        const files = await readdir(join(place, folder ?? ''));
        expect(files).to.include.members(['index.html.br', 'manifest.webapp.br']);
      });
    });
  }

  it('leaves nothing half-made in the cache', async () => {
    expect((await inCache()).filter((name) => /tmp./.test(name))).to.deep.equal([]);
  });
});
