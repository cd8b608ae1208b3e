import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { PERMISSIONS, TRIGGERS } from '../../src/apps/manifest/documents.ts';
import type { CouchDocument } from '../../src/couchdb/documents.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { tgzOf } from '../apps/archives.ts';
import { bytes, json, startWebServer, type WebServer } from '../apps/registry-server.ts';
import { startSharedCouch } from '../support/chaos-couch.ts';
import {
  type ChaosFleet,
  endOf,
  findings,
  instancesOf,
  openChaosFleet,
  optionsFor,
  queueInstance,
} from '../support/chaos-fleet.ts';
import { type HoldRule, openGate } from '../support/chaos-gate.ts';
import { startChaosWorker } from '../support/chaos-process.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { startTestRedis } from '../support/servers.ts';

const TIMEOUT_MS = 120_000;

const SERVICES = {
  kept: { type: 'node', file: 'kept.js', trigger: '@cron 0 0 7 * * 1' },
  changed: { type: 'node', file: 'changed.js', trigger: '@event io.cozy.events:CREATED' },
  dropped: { type: 'node', file: 'dropped.js', trigger: '@cron 0 0 8 * * 1' },
};

const RULES = { files: { type: 'io.cozy.files', verbs: ['GET'] } };
const NEXT_RULES = { files: { type: 'io.cozy.files', verbs: ['POST'] } };

const NEXT_SERVICES = {
  kept: SERVICES.kept,
  changed: { ...SERVICES.changed, trigger: '@cron 0 0 9 * * 1' },
  added: { type: 'node', file: 'added.js', trigger: '@event io.cozy.files:DELETED' },
};

/** A moment of an update at which the worker is killed. */
interface Point {
  readonly what: string;
  /** Which of the two servers is asked. */
  readonly of: 'registry' | 'couchdb';
  /** @param prefix beginning of the paths of the instance's databases */
  rule(prefix: string, slug: string): Omit<HoldRule, 'at'>;
}

const inDatabase = (method: string, path: string, nth = 1): Point['rule'] => {
  return (prefix) => ({ method, nth, path: new RegExp(`^/${prefix}/${path}$`) });
};

const POINTS: readonly Point[] = [
  {
    what: 'the answer of the registry',
    of: 'registry',
    rule: (_, slug) => ({ method: 'GET', path: new RegExp(`^/registry/${slug}/next/latest$`) }),
  },
  {
    what: 'the archive',
    of: 'registry',
    rule: (_, slug) => ({ method: 'GET', path: new RegExp(`^/${slug}-2.0.0.tgz$`) }),
  },
  { what: 'the triggers that go', of: 'couchdb', rule: inDatabase('POST', 'io-cozy-triggers/_bulk_docs') },
  {
    what: 'the triggers that come',
    of: 'couchdb',
    rule: inDatabase('POST', 'io-cozy-triggers/_bulk_docs', 2),
  },
  { what: 'the document of the application', of: 'couchdb', rule: inDatabase('PUT', 'io-cozy-apps/.+') },
  { what: 'the permissions', of: 'couchdb', rule: inDatabase('PUT', 'io-cozy-permissions/.+') },
];

const KILLS = POINTS.flatMap((point) => (['before', 'after'] as const).map((at) => ({ ...point, at })));

/** Killed like this, too, and there is a newer version by the time at which another worker takes it up. */
const OVERTAKEN = KILLS.filter(({ what, at }) => what === 'the triggers that come' && at === 'after');

/** Has a registry offer a version as the newest of a channel. */
function offer({ routes }: WebServer, by: string, slug: string, version: string, facts: object): void {
  const [channel, manifest] = [
    version === '1.0.0' ? 'stable' : 'next',
    { name: slug, slug, version, ...facts },
  ];
  const content = tgzOf([
    { path: 'manifest.webapp', content: JSON.stringify(manifest) },
    { path: 'index.html', content: `${slug} ${version}` },
  ]);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const answer = { slug, type: 'webapp', version, url: `${by}/${slug}-${version}.tgz`, sha256, manifest };
  routes.set(`/registry/${slug}/${channel}/latest`, json(answer));
  routes.set(`/${slug}-${version}.tgz`, bytes(content));
}

describe('an update of applications whose worker was killed', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  const all = [...KILLS, ...OVERTAKEN].map((kill, at) => ({
    ...kill,
    slug: `app-${at}`,
    domain: '',
    jobId: '',
  }));
  const targets = all.slice(0, KILLS.length);
  const overtaken = all.slice(KILLS.length);
  let chaos: ChaosFleet;
  let redis: Redis;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    const registry = suite.add(await startWebServer(), (each) => each.close());
    const gates = {
      couchdb: suite.add(await openGate(couch.url), (each) => each.close()),
      registry: suite.add(await openGate(registry.url), (each) => each.close()),
    };
    const stackRedis = suite.add(await startTestRedis(), (each) => each.close());
    redis = suite.add(new Redis(stackRedis.url), (each) => each.disconnect());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    for (const target of all) {
      target.domain = chaos.domain(target.slug);
      offer(registry, gates.registry.url, target.slug, '1.0.0', { permissions: RULES, services: SERVICES });
      offer(registry, gates.registry.url, target.slug, '2.0.0', {
        permissions: NEXT_RULES,
        services: NEXT_SERVICES,
      });
    }
    const settings = {
      ...chaos.settings,
      stackRedis: { jobs: redisAt(stackRedis.url) },
      registryUrl: gates.registry.url,
      concurrency: all.length,
    };
    const maker = suite.add(await startChaosWorker(settings), (each) => each.kill());
    const made = await Promise.all(
      all.map(({ domain, slug }) => queueInstance(chaos, optionsFor(domain, { apps: slug }))),
    );
    for (const jobId of made) expect(await endOf(chaos, jobId)).to.include({ outcome: 'created' });
    await maker.kill();

    const gated = { ...settings, couchUrl: gates.couchdb.url };
    const holds = all.map(({ of, rule, at, domain, slug }) =>
      gates[of].hold({ ...rule(prefixOf(domain), slug), at }),
    );
    const worker = suite.add(await startChaosWorker(gated), (each) => each.kill());
    for (const target of all) target.jobId = await order(target.domain, target.slug);
    await Promise.all(holds.map(({ reached }) => reached));
    await worker.kill();
    for (const hold of holds) hold.release();
    for (const { slug } of overtaken) {
      offer(registry, gates.registry.url, slug, '3.0.0', { services: { kept: SERVICES.kept } });
    }
    const rescuer = suite.add(await startChaosWorker(gated), (each) => each.kill());
    await Promise.all(all.map(({ jobId }) => endOf(chaos, jobId)));
    await rescuer.kill();
  });
  after(() => suite.run());

  async function order(domain: string, slug: string): Promise<string> {
    const [instance] = await instancesOf(chaos.couch, [domain]);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'update-apps' as const, domain, seen, apps: [slug], channel: 'next', safe: false };
    return (await enqueueJob(chaos.fleet, { work, tries: 8 })).jobId;
  }

  async function documents(domain: string, doctype: string): Promise<CouchDocument[]> {
    const database = databaseName(prefixOf(domain), doctype);
    const rows = await chaos.couch.allDocuments(database, { includeDocs: true });
    return rows.flatMap(({ doc }) => (doc && !doc._id.startsWith('_design/') ? [doc] : []));
  }

  for (const target of overtaken) {
    it('is finished with a newer version, and leaves no trigger of the one between', async () => {
      const { domain, jobId } = target;
      expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'updated' });
      const [app] = await documents(domain, 'io.cozy.apps');
      expect(app).to.include({ version: '3.0.0' });
      const [kept, ...others] = await documents(domain, TRIGGERS);
      expect(app?.['services']).to.nested.include({ 'kept.trigger_id': kept?._id });
      expect(others).to.deep.equal([]);
      const entries = await redis.zrange('triggers', '0', '-1');
      const prefix = prefixOf(domain);
      expect(entries.filter((each) => each.startsWith(`${prefix}/`))).to.deep.equal([
        `${prefix}/${kept?._id}`,
      ]);
      expect(await redis.hgetall(`events-${prefix}`)).to.deep.equal({});
    });
  }

  for (const target of targets) {
    describe(`${target.at} ${target.what}`, () => {
      it('is finished by another, and counts as its work', async () => {
        expect(await endOf(chaos, target.jobId)).to.include({ state: 'done', outcome: 'updated' });
        expect(await findings(chaos, optionsFor(target.domain))).to.deep.equal([]);
      });

      it('leaves one document of each kind', async () => {
        const [app, ...others] = await documents(target.domain, 'io.cozy.apps');
        expect(app).to.include({ version: '2.0.0', state: 'ready' });
        expect(others).to.deep.equal([]);
        const permissions = await documents(target.domain, PERMISSIONS);
        expect(permissions.map((each) => each['permissions'])).to.deep.equal([
          { files: { type: 'io.cozy.files', verbs: ['GET', 'POST'] } },
        ]);
      });

      it('leaves the triggers that the application names, and has the stack run just these', async () => {
        const [app] = await documents(target.domain, 'io.cozy.apps');
        const triggers = await documents(target.domain, TRIGGERS);
        const idOf = new Map(
          triggers.map(({ _id, message }) => {
            const name = typeof message === 'object' && message !== null && 'name' in message && message.name;
            return [name, _id];
          }),
        );
        expect([...idOf.keys()].sort()).to.deep.equal(['added', 'changed', 'kept']);
        expect(app?.['services']).to.nested.include({
          'added.trigger_id': idOf.get('added'),
          'changed.trigger_id': idOf.get('changed'),
          'kept.trigger_id': idOf.get('kept'),
        });
        const prefix = prefixOf(target.domain);
        const entries = (await redis.zrange('triggers', '0', '-1')).filter((each) =>
          each.startsWith(`${prefix}/`),
        );
        const timed = [idOf.get('changed'), idOf.get('kept')].map((id) => `${prefix}/${id}`);
        expect(entries).to.have.members(timed);
        expect(Object.keys(await redis.hgetall(`events-${prefix}`))).to.deep.equal([idOf.get('added')]);
      });
    });
  }
});
