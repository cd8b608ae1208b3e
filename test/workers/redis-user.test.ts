import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { requestCancel } from '../../src/jobs/queue/cancellations.ts';
import { retryJob } from '../../src/jobs/queue/retry-job.ts';
import { createKeys } from '../../src/jobs/redis/keys.ts';
import { neededCommands } from '../../src/jobs/redis/needed-commands.ts';
import { listWorkers } from '../../src/jobs/redis/worker-heartbeat.ts';
import { reconcile } from '../../src/workers/recovery/reconcile.ts';
import { batchRow } from '../support/batch-row.ts';
import {
  type ChaosPlaces,
  doneRows,
  openChaosPlaces,
  optionsFor,
  queueBatch,
} from '../support/chaos-fleet.ts';
import { Cleanup } from '../support/cleanup.ts';
import { redisAt } from '../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { until } from '../support/until.ts';

const PASSWORD = 's3cret';

/** The rule that the README tells operators, but for user and password. */
function ruleOfReadme(): string[] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const rule = /ACL SETUSER fleet on >\S+ (.*)/.exec(readme)?.[1];
  if (rule === undefined) throw new Error('the README has no rule');
  return rule.trim().split(/\s+/);
}

/** What the fleet says that it needs, and what a client sends for itself. */
function exactRule(): string[] {
  const commands = new Set(neededCommands(createKeys('fleet')).map(([name]) => `+${name}`));
  return ['~{fleet}:*', '&{fleet}:*', ...commands, '+multi', '+exec', '+unsubscribe'];
}

describe('a Redis user with', () => {
  const suite = new Cleanup();
  const cleanup = new Cleanup();
  let couch: TestCouch;
  let server: RedisServer;

  before(async () => {
    couch = suite.add(await startTestCouch(), (each) => each.close());
    server = suite.add(await startRedisServer(), (each) => each.close());
  });
  afterEach(() => cleanup.run());
  after(() => suite.run());

  /** The rules name the prefix `fleet`; each test has one of its own. */
  async function openAs(rules: readonly string[]): Promise<ChaosPlaces> {
    const target = redisAt(`redis://fleet:${PASSWORD}@127.0.0.1:${server.port}`);
    await server.ask('ACL', 'SETUSER', 'fleet', 'reset', 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
    const chaos = cleanup.add(await openChaosPlaces(couch.url, target), (each) => each.close());
    const own = rules.map((rule) => rule.replace('{fleet}', `{${chaos.settings.prefix}}`));
    await server.ask('ACL', 'SETUSER', 'fleet', 'reset', 'on', `>${PASSWORD}`, ...own);
    return chaos;
  }

  for (const [what, rules] of [
    ['the rule of the README', ruleOfReadme],
    ['no right but those that are looked for', exactRule],
  ] as const) {
    it(`${what} can do all that the fleet does`, async () => {
      const chaos = await openAs(rules());
      const { fleet } = chaos;
      const { redis, keys } = fleet;
      const all = ['a', 'b', 'c'].map((name) => optionsFor(chaos.domain(name)));
      const id = await queueBatch(chaos, all);
      const first = await batchRow(fleet.batches, id, 1);
      await requestCancel(redis, keys, first?.jobId ?? '', 'the test');
      await chaos.worker(2);
      await until('the batch has ended', async () => (await fleet.batches.get(id)).endedAt !== undefined);
      expect((await fleet.batches.get(id)).counts).to.include({ done: 2, cancelled: 1 });
      await retryJob(fleet, first?.jobId ?? '');
      await until('the third is made too', async () => doneRows(await fleet.batches.get(id)) === 3);
      expect(await listWorkers(redis, keys)).to.have.length(1);
      await fleet.batches.create({ kind: 'create', name: 'short', reason: '', by: 'the test', total: 1 });
      await reconcile(fleet);
      const log = await server.ask('ACL', 'LOG');
      const denied = [...log.matchAll(/\r\nobject\r\n\$\d+\r\n(\S+)/g)].map(([, object]) => object);
      await server.ask('ACL', 'LOG', 'RESET');
      expect(denied.filter((each) => !OF_CLIENTS.includes(each ?? ''))).to.deep.equal([]);
    });
  }

  /** What clients try and can do without. */
  const OF_CLIENTS = ['info', 'client|setinfo', 'client|setname', 'client'];
});
