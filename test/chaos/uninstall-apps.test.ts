import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { PERMISSIONS, TRIGGERS } from '../../src/apps/manifest/documents.ts';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { incarnationOf } from '../../src/instances/documents/incarnation.ts';
import { enqueueJob } from '../../src/jobs/queue/enqueue.ts';
import { startAppRegistry } from '../support/app-registry.ts';
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

/** A request of an uninstallation, at which the worker is killed. */
interface Moment {
  readonly app: 'agenda' | 'waterbill';
  readonly what: string;
  readonly method: string;
  readonly path: string;
}

const REQUESTS: readonly Moment[] = [
  { app: 'agenda', what: 'the triggers', method: 'POST', path: 'io-cozy-triggers/_bulk_docs' },
  { app: 'agenda', what: 'the permissions', method: 'DELETE', path: 'io-cozy-permissions/.+' },
  { app: 'agenda', what: 'the document of the application', method: 'DELETE', path: 'io-cozy-apps/.+' },
  {
    app: 'waterbill',
    what: 'the copy of an account',
    method: 'PUT',
    path: 'io-cozy-accounts-soft_deleted/.+',
  },
  { app: 'waterbill', what: 'an account', method: 'DELETE', path: 'io-cozy-accounts/.+' },
  {
    app: 'waterbill',
    what: 'the triggers of a konnector',
    method: 'POST',
    path: 'io-cozy-triggers/_bulk_docs',
  },
  {
    app: 'waterbill',
    what: 'the permissions of a konnector',
    method: 'DELETE',
    path: 'io-cozy-permissions/.+',
  },
  {
    app: 'waterbill',
    what: 'the document of a konnector',
    method: 'DELETE',
    path: 'io-cozy-konnectors/.+',
  },
];

const KILLS = REQUESTS.flatMap((request) =>
  (['before', 'after'] as const).map((at) => ({ ...request, at, domain: '', jobId: '' })),
);

/** Where the files of each are. */
const FOLDERS = { agenda: '.cozy_apps', waterbill: '.cozy_konnectors' } as const;

describe('an uninstallation whose worker was killed', function () {
  this.timeout(TIMEOUT_MS);
  const suite = new Cleanup();
  let chaos: ChaosFleet;
  let redis: Redis;

  before(async () => {
    const couch = suite.add(await startSharedCouch(), (each) => each.close());
    const registry = suite.add(await startAppRegistry(), (each) => each.close());
    const gate = suite.add(await openGate(couch.url), (each) => each.close());
    const stackRedis = suite.add(await startTestRedis(), (each) => each.close());
    redis = suite.add(new Redis(stackRedis.url), (each) => each.disconnect());
    chaos = suite.add(await openChaosFleet(couch.url), (each) => each.close());
    const settings = {
      ...chaos.settings,
      stackRedis: { jobs: redisAt(stackRedis.url) },
      registryUrl: registry.url,
      concurrency: KILLS.length,
    };
    const maker = suite.add(await startChaosWorker(settings), (each) => each.kill());
    for (const [at, kill] of KILLS.entries()) kill.domain = chaos.domain(`gone-${at}`);
    const made = await Promise.all(
      KILLS.map(({ domain, app }) => queueInstance(chaos, optionsFor(domain, { apps: app }))),
    );
    for (const jobId of made) expect(await endOf(chaos, jobId)).to.include({ outcome: 'created' });
    await maker.kill();
    for (const { domain, app } of KILLS) if (app === 'waterbill') await giveAccount(domain);

    const gated = { ...settings, couchUrl: gate.url };
    const holds = KILLS.map(({ method, path, at, domain }) => {
      const rule: HoldRule = { method, at, path: new RegExp(`^/${prefixOf(domain)}/${path}$`) };
      return gate.hold(rule);
    });
    const worker = suite.add(await startChaosWorker(gated), (each) => each.kill());
    for (const kill of KILLS) kill.jobId = await order(kill);
    await Promise.all(holds.map(({ reached }) => reached));
    await worker.kill();
    for (const hold of holds) hold.release();
    const rescuer = suite.add(await startChaosWorker(gated), (each) => each.kill());
    await Promise.all(KILLS.map(({ jobId }) => endOf(chaos, jobId)));
    await rescuer.kill();
  });
  after(() => suite.run());

  /** An account that a trigger runs waterbill for, and that goes with it. */
  async function giveAccount(domain: string): Promise<void> {
    const database = (doctype: string) => databaseName(prefixOf(domain), doctype);
    await chaos.couch.createDatabase(database('io.cozy.accounts'));
    await chaos.couch.putDocument(database('io.cozy.accounts'), { _id: 'water', account_type: 'waterbill' });
    await chaos.couch.createDatabase(database(TRIGGERS));
    await chaos.couch.putDocument(database(TRIGGERS), {
      _id: 'of-water',
      ...{ type: '@cron', arguments: '0 0 3 * * 1', worker: 'konnector' },
      message: { konnector: 'waterbill', account: 'water' },
    });
    await redis.zadd('triggers', '1', `${prefixOf(domain)}/of-water`);
  }

  async function order({ domain, app }: { readonly domain: string; readonly app: string }): Promise<string> {
    const [instance] = await instancesOf(chaos.couch, [domain]);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    const seen = { id: instance._id, incarnation: incarnationOf(instance) };
    const work = { kind: 'uninstall-apps' as const, domain, seen, apps: [app], purgeCode: true };
    return (await enqueueJob(chaos.fleet, { work, tries: 8 })).jobId;
  }

  async function idsOf(domain: string, doctype: string): Promise<string[]> {
    const rows = await chaos.couch.allDocuments(databaseName(prefixOf(domain), doctype), {});
    return rows.map(({ id }) => id).filter((id) => !id.startsWith('_design/'));
  }

  for (const kill of KILLS) {
    it(`${kill.at} ${kill.what} is finished by another, and counts as its work`, async () => {
      const { domain, jobId, app } = kill;
      expect(await endOf(chaos, jobId)).to.include({ state: 'done', outcome: 'uninstalled' });
      const ofKonnectors = ['io.cozy.accounts', 'io.cozy.konnectors'];
      const ofKind = app === 'agenda' ? ['io.cozy.apps'] : ofKonnectors;
      for (const doctype of [...ofKind, PERMISSIONS, TRIGGERS]) {
        expect(await idsOf(domain, doctype), doctype).to.deep.equal([]);
      }
      const prefix = prefixOf(domain);
      const entries = await redis.zrange('triggers', '0', '-1');
      expect(entries.filter((entry) => entry.startsWith(`${prefix}/`))).to.deep.equal([]);
      expect(await redis.hgetall(`events-${prefix}`)).to.deep.equal({});
      expect(existsSync(join(chaos.settings.storageRoot, domain, FOLDERS[app], app))).to.equal(false);
      if (app === 'waterbill') {
        expect(await idsOf(domain, 'io.cozy.accounts.soft_deleted')).to.deep.equal(['water']);
      }
      // An instance that had accounts has two databases more.
      const found = await findings(chaos, optionsFor(domain));
      expect(found.filter((each) => app === 'agenda' || !each.startsWith('the databases are'))).to.deep.equal(
        [],
      );
    });
  }
});
