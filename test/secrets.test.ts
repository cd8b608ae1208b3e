import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ensureFleetRecord } from '../src/jobs/fleet/fleet-record.ts';
import { creation, enqueueRows } from '../src/jobs/queue/enqueue.ts';
import { everythingInRedis } from './support/everything-in-redis.ts';
import { startTestFleet, type TestFleet } from './support/fleet.ts';
import { listProcesses } from './support/processes.ts';
import { startTestCouch } from './support/servers.ts';
import { until } from './support/until.ts';

describe('secrets', () => {
  let test: TestFleet;
  const batchPassphrase = `correct ${randomBytes(6).toString('hex')} staple`;
  const singlePassphrase = `open ${randomBytes(6).toString('hex')} sesame`;
  const failingPassphrase = `never ${randomBytes(6).toString('hex')} used`;
  let whileWaiting: string[] = [];

  before(async function () {
    this.timeout(60_000);
    test = await startTestFleet({
      worker: false,
      configure: (config) => ({ ...config, forcedOidcContexts: ['oidc'] }),
    });
    const { fleet } = test;
    const about = { kind: 'create', name: 'f.csv', reason: '', by: 'root@ops', total: 4 } as const;
    const batchId = await fleet.batches.create(about);
    const old = test.domain('old');
    await test.putInstance({ domain: test.domain('moved'), old_domain: old });
    await enqueueRows(fleet, batchId, [
      { ...creation(await test.request({ domain: test.domain('token') })), row: 1 },
      { ...creation(await test.request({ domain: test.domain('phrase') }, batchPassphrase)), row: 2 },
      { ...creation(await test.request({ domain: test.domain('random'), 'context-name': 'oidc' })), row: 3 },
      { ...creation(await test.request({ domain: old }, failingPassphrase)), row: 4 },
    ]);
    const single = await test.submit({ domain: test.domain('single') }, singlePassphrase);
    whileWaiting = await everythingInRedis(fleet.redis);
    await test.startWorker();
    await test.ended(single);
    await until('the batch has ended', async () => (await fleet.batches.get(batchId)).endedAt !== undefined);
    // One fails inside a stage, so that error texts and the log are looked at too.
    test.beforeStage('finish', () => {
      throw new TypeError('made to fail');
    });
    await test.create({ domain: test.domain('mistake') }, singlePassphrase);
  });

  after(() => test.close());

  /** Everything that must not show, in every form it could show in; by what it is. */
  async function forbidden(): Promise<Map<string, string>> {
    const found = new Map<string, string>([
      ['batch passphrase', batchPassphrase],
      ['single passphrase', singlePassphrase],
      ['failing passphrase', failingPassphrase],
      ['CouchDB password', `:${test.couch.password}@`],
      ['CouchDB authorization', test.couch.authorization.replace('Basic ', '')],
    ]);
    const { global, redis, keys } = { ...test.fleet, global: test.server };
    found.set('seal key', (await ensureFleetRecord({ global, redis, keys })).sealKey);
    for (const name of ['token', 'phrase', 'random', 'single', 'mistake']) {
      const domain = test.domain(name);
      const instance = await test.instance(domain);
      if (instance === undefined) continue;
      const settings = await test.documents(domain, 'io.cozy.settings').catch(() => []);
      const vault = settings.find(({ _id }) => _id === 'io.cozy.settings.bitwarden') ?? {};
      const fields = Object.entries({ ...vault, ...instance });
      for (const [field, value] of fields) {
        if (!SECRET_FIELDS.has(field) || typeof value !== 'string') continue;
        const bytes = Buffer.from(value, 'base64');
        found.set(`${name} ${field}`, value);
        found.set(`${name} ${field} in hex`, bytes.toString('hex'));
        found.set(`${name} ${field} in base64url`, bytes.toString('base64url'));
        if (field === 'passphrase_hash') found.set(`${name} ${field} as text`, bytes.toString('ascii'));
      }
    }
    return found;
  }

  async function expectNone(texts: readonly string[]): Promise<void> {
    const all = texts.join('\n');
    const shown = [...(await forbidden())].filter(([, secret]) => all.includes(secret)).map(([what]) => what);
    expect(shown).to.deep.equal([]);
  }

  it('are there to be found', async () => {
    const what = [...(await forbidden()).keys()];
    expect(what).to.include.members(['token register_token', 'token cli_secret', 'phrase passphrase_hash']);
  });

  it('are not in Redis while jobs wait', async () => {
    expect(whileWaiting.join('\n')).to.include(test.domain('phrase')).and.include('sealedPassphrase');
    await expectNone(whileWaiting);
  });

  it('are not in Redis when jobs have ended', async () => {
    const everything = await everythingInRedis(test.fleet.redis);
    expect(everything.join('\n')).to.include(test.domain('phrase'));
    await expectNone(everything);
  });

  it('never went through Redis, not even for a moment', async () => {
    const [, directory = ''] = Object.values(await test.fleet.redis.config('GET', 'dir')).map(String);
    const log = await appendOnlyLog(directory);
    expect(log).to.include(test.domain('phrase'));
    await expectNone([log]);
  });

  it('are not in the log', async () => {
    expect(test.logLines.join('\n')).to.include('TypeError');
    await expectNone(test.logLines);
  });

  it('are not in the errors of failed jobs', async () => {
    const failed = await test.fleet.queue.getFailed(0, 100);
    expect(failed).to.not.have.length(0);
    await expectNone(failed.flatMap(({ failedReason, stacktrace }) => [failedReason, ...(stacktrace ?? [])]));
  });

  it('are not in the list of processes', async () => {
    const couch = await startTestCouch({ ownProcess: true });
    try {
      const pids = [couch.pid, test.redis.pid, process.pid];
      const seen = listProcesses().filter(({ pid }) => pids.includes(pid));
      const commands = seen.map(({ command }) => command).join('\n');
      expect(seen).to.have.length(3);
      expect(commands).to.include('redis-server');
      expect(commands.replaceAll('secrets.test', '')).to.not.include(couch.password);
      await expectNone([commands]);
    } finally {
      await couch.close();
    }
  });
});

const SECRET_FIELDS = new Set([
  'register_token',
  'session_secret',
  'oauth_secret',
  'cli_secret',
  'passphrase_hash',
  'key',
  'private_key',
  'encrypted_organization_key',
]);

/** Every command that Redis ever wrote to its disk. */
async function appendOnlyLog(directory: string): Promise<string> {
  const files = await readdir(directory, { recursive: true });
  const logs = files.filter((file) => file.endsWith('.aof'));
  expect(logs).to.not.have.length(0);
  return (await Promise.all(logs.map((file) => readFile(join(directory, file), 'latin1')))).join('\n');
}
