import { appendFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { everythingInRedis } from '../../support/everything-in-redis.ts';
import { startTestRedis, type TestRedis } from '../../support/servers.ts';
import { submit } from '../../support/submit.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

const WEEK_MS = 7 * 86_400_000;

describe('batches export --session-links', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;
  let stackRedis: TestRedis;
  let sessions: Redis;
  let config: string;
  let batch: string;

  const run = (...argv: string[]): Promise<Ran> =>
    runCommand('batches', 'export', batch, '--session-links', ...argv, '--config', config);

  async function rowsOf(...argv: string[]) {
    const { stdout, stderr, exitCode } = await run('--format', 'ndjson', ...argv);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    return { rows, stderr, exitCode };
  }

  before(async () => {
    directory = await temporaryDirectory('session-links');
    stackRedis = await startTestRedis();
    platform = await startPlatform();
    await platform.startWorker();
    config = join(directory.path, 'cozy.yaml');
    await copyFile(platform.configFile, config);
    const { host } = new URL(stackRedis.url);
    await appendFile(config, `redis:\n  addrs: ${host}\n  databases: {jobs: 0, lock: 2, sessions: 3}\n`);
    sessions = new Redis(stackRedis.url, { db: 3 });
    ({ batch } = await submit(platform, 'people.csv', [
      'domain,magic_link,oidc_id,onboarding-finished,passphrase',
      'magic.example.org,true,,,',
      'oidc.example.org,,o-1,true,',
      'both.example.org,,o-2,,correct horse battery',
      'waits.example.org,,,,',
      'bare.example.org,true,,,',
    ]));
    for (const domain of ['magic.example.org', 'oidc.example.org', 'both.example.org']) {
      const database = databaseName(prefixOf(domain), 'io.cozy.apps');
      await platform.server.putDocument(database, { _id: 'io.cozy.apps/home', slug: 'home', state: 'ready' });
    }
  });

  afterEach(() => sessions.flushdb());

  after(async () => {
    sessions.disconnect();
    await platform.close();
    await stackRedis.close();
    await directory.remove();
  });

  it('makes a link for each owner without a passphrase, and for nobody else', async () => {
    const { rows, stderr, exitCode } = await rowsOf();
    expect(exitCode).to.equal(0);
    expect(rows.map(({ domain, session_link: link }) => [domain, link?.split('?')[0]])).to.deep.equal([
      ['magic.example.org', 'https://home.magic.example.org/'],
      ['oidc.example.org', 'https://home.oidc.example.org/'],
      ['both.example.org', undefined],
      ['waits.example.org', undefined],
      ['bare.example.org', undefined],
    ]);
    expect(stderr).to.contain('No link for 1 without the application home');
  });

  it('puts each code where a stack takes it, for a week, and says until when', async () => {
    const start = Date.now();
    const { rows } = await rowsOf();
    const code = new URL(rows[0].session_link).searchParams.get('session_code');
    const key = `${prefixOf('magic.example.org')}:sessioncode:${code}`;
    expect(await sessions.get(key)).to.equal('1');
    expect((await sessions.ttl(key)) * 1000).to.be.within(WEEK_MS - 60_000, WEEK_MS);
    expect(Date.parse(rows[0].session_link_expires)).to.be.within(start + WEEK_MS, Date.now() + WEEK_MS);
    expect(await sessions.dbsize()).to.equal(2);
    const everything = (await everythingInRedis(platform.fleet.redis)).join('\n');
    expect(everything).not.to.contain(code);
  });

  it('makes them for instances that a batch of several kinds has made, and for no other of it', async () => {
    const file = await platform.write('list.csv', [
      'domain,magic_link,locale',
      'listed.example.org,true,en',
      'oidc.example.org,,fr',
    ]);
    const applied = await platform.run('apply', '--from', file);
    expect(applied.stdout, applied.stderr).to.contain('ended: 2 done.');
    const database = databaseName(prefixOf('listed.example.org'), 'io.cozy.apps');
    await platform.server.putDocument(database, { _id: 'io.cozy.apps/home', slug: 'home', state: 'ready' });
    const argv = ['--use-most-recent', '--session-links', '--config', config];
    const { stdout, stderr, exitCode } = await runCommand('batches', 'export', ...argv);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/listed\.example\.org,created,.*home\.listed\.example\.org\/\?session_code=/);
    expect(stdout).to.contain('oidc.example.org,modified').and.not.contain('home.oidc');
    expect(await sessions.dbsize()).to.equal(1);
  });

  it('leaves in the history of each instance that a link was made, and by whom', async () => {
    const made = async (domain: string) => {
      const { stdout } = await platform.run('instances', 'history', domain, '--json');
      const entries: { what: string; by?: string }[] = JSON.parse(stdout).entries;
      return entries.filter(({ what }) => what === 'session-link');
    };
    const before = (await made('magic.example.org')).length;
    await run();
    const [latest, ...earlier] = await made('magic.example.org');
    expect(earlier).to.have.length(before);
    expect(latest?.by).to.contain('@');
    expect(await made('both.example.org')).to.deep.equal([]);
  });

  it('has columns for them in CSV, also beside who each owner is', async () => {
    const [head] = (await run()).stdout.split('\n');
    expect(head).to.equal(
      'domain,status,register_token,link,session_link,session_link_expires,error_stage,error',
    );
    const [whom] = (await run('--successful')).stdout.split('\n');
    expect(whom).to.equal(
      'domain,status,email,public_name,locale,context,register_token,link,session_link,session_link_expires',
    );
    expect((await run('--successful')).stdout).to.contain('https://home.oidc.example.org/?session_code=');
  });

  it('makes none unless it is asked for', async () => {
    const { stdout, exitCode } = await runCommand('batches', 'export', batch, '--config', config);
    expect(exitCode).to.equal(0);
    expect(stdout).to.contain('magic.example.org').and.not.contain('session');
    expect(await sessions.dbsize()).to.equal(0);
  });

  it('refuses where no stack would find them, and another kind of batch', async () => {
    const bare = await platform.run('batches', 'export', batch, '--session-links');
    expect(bare).to.include({ exitCode: 2, stdout: '' });
    expect(bare.stderr).to.contain('redis.databases.sessions');
    const { stdout } = await platform.run('instances', 'purge-jobs', '--all', '--force', '--json');
    const other = JSON.parse(stdout).batch;
    const argv = ['batches', 'export', other, '--session-links', '--config', config];
    expect(await runCommand(...argv)).to.include({ exitCode: 2 });
    expect(await run('--session-app', 'no slug')).to.include({ exitCode: 2 });
    expect(await run('--as-rows')).to.include({ exitCode: 2 });
  });

  it('says that the Redis of the stack is away', async () => {
    const away = join(directory.path, 'away.yaml');
    await copyFile(platform.configFile, away);
    await appendFile(away, 'sessions:\n  url: redis://127.0.0.1:1/3\n');
    const argv = ['batches', 'export', batch, '--session-links', '--config', away];
    const { stderr, exitCode } = await runCommand(...argv);
    expect(stderr).to.contain("stack's Redis");
    expect(exitCode).to.equal(1);
  });
});
