import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/config/load-config.ts';
import { askRedis } from '../../src/embedded/ask-redis.ts';
import { fleetYaml } from '../../src/up/config-file.ts';
import { asAnother, canBeAnother } from '../support/other-user.ts';
import { listProcesses } from '../support/processes.ts';
import { startTestCouch, type TestCouch } from '../support/servers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { testPort } from '../support/test-port.ts';
import { type Running, runIn } from '../support/up.ts';

describe('up, for other users of the machine,', function () {
  this.timeout(120_000);

  let directory: TemporaryDirectory;
  let dir: string;
  const started: Running[] = [];
  let couch: TestCouch | undefined;

  beforeEach(async () => {
    directory = await temporaryDirectory('up-private');
    chmodSync(directory.path, 0o755);
    dir = join(directory.path, 'shared');
  });

  afterEach(async () => {
    await stopAll();
    await couch?.close();
    couch = undefined;
    await directory.remove();
  });

  async function stopAll(): Promise<void> {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGTERM');
      await ended;
    }
  }

  async function yaml(path: string): Promise<string> {
    return fleetYaml({
      couchUrl: `http://admin:of-last-time@127.0.0.1:${await testPort()}`,
      redisUrl: `redis://127.0.0.1:${await testPort()}`,
      storageRoot: join(path, 'storage'),
      linkScheme: 'https',
      publicPort: await testPort(),
      adminPort: await testPort(),
    });
  }

  /** Ports of the test's own, as if an earlier version had used them. */
  async function laidOutWide(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    chmodSync(path, 0o755);
    await writeFile(join(path, 'cozy.yaml'), await yaml(path));
    chmodSync(join(path, 'cozy.yaml'), 0o644);
    for (const name of ['redis', 'couchdb', 'storage', 'apps', 'logs']) {
      await mkdir(join(path, name));
      chmodSync(join(path, name), 0o755);
    }
  }

  async function up(umask: number, env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Running> {
    const before = process.umask(umask);
    const running = runIn({ cwd: directory.path, env }, 'up', ...argv);
    process.umask(before);
    started.push(running);
    await running.untilSaid('Ctrl-C stops');
    return running;
  }

  function redisOf(file: string): { readonly port: number; readonly password: string } {
    const { redis } = loadConfig({ file, env: {}, cwd: directory.path, home: directory.path }).fleet;
    if (redis.kind !== 'server') throw new Error('its Redis has no port');
    return { port: redis.port, password: redis.password ?? '' };
  }

  for (const umask of [0o000, 0o022]) {
    it(`has nothing to read in a directory of mode 755, with umask ${umask.toString(8).padStart(3, '0')}`, async function () {
      if (!canBeAnother) this.skip();
      await laidOutWide(dir);
      const running = await up(umask, {}, '--dir', dir);
      const config = join(dir, 'cozy.yaml');
      const add = ['instances', 'add', 'alice.example.org', '--email', 'a@example.org', '--config', config];
      expect(await runIn({ cwd: directory.path }, ...add).ended, running.output()).to.equal(0);

      const seen = await asAnother(
        'find',
        dir,
        '-mindepth',
        '1',
        '(',
        '-readable',
        '-o',
        '-executable',
        ')',
        '-print',
      );
      expect(seen.split('\n').filter((line) => line !== '' && !line.startsWith('find:'))).to.deep.equal([]);
      expect(lstatSync(dir).mode & 0o777).to.equal(0o755);
      const written = ['redis', 'couchdb', 'logs'].flatMap((name) =>
        readdirSync(join(dir, name), { recursive: true }).map((entry) => join(dir, name, String(entry))),
      );
      expect(written.length).to.be.above(20);
      const open = [...written, config, join(dir, 'up.lock')].filter((path) => lstatSync(path).mode & 0o077);
      expect(open).to.deep.equal([]);
    });
  }

  it('has a Redis that takes no command but AUTH, and shows its password nowhere', async function () {
    if (!canBeAnother) this.skip();
    await laidOutWide(dir);
    await up(0o022, {}, '--dir', dir);
    const { port, password } = redisOf(join(dir, 'cozy.yaml'));
    expect(password).to.match(/^[\w-]{32}$/);
    for (const command of [
      'PING',
      'INFO',
      'KEYS *',
      'CONFIG GET requirepass',
      'CLIENT LIST',
      'SHUTDOWN',
      'EVAL 1 0',
    ]) {
      const answer = await asAnother('redis-cli', '-p', String(port), ...command.split(' '));
      expect(answer, command).to.match(/NOAUTH/);
    }
    expect(await askRedis(port, ['PING'], password)).to.equal('PONG');
    expect(
      listProcesses()
        .map(({ command }) => command)
        .join('\n'),
    ).to.not.include(password);
    const logs = readdirSync(join(dir, 'logs')).map((name) => readFileSync(join(dir, 'logs', name), 'utf8'));
    const files = readdirSync(join(dir, 'redis'), { recursive: true }).map(String);
    expect(logs.join('\n')).to.not.include(password);
    expect(files).to.include('redis.password');
    expect(started[0]?.output()).to.not.include(password);
  });

  it('keeps its password for the next time, and when its Redis was killed', async () => {
    await laidOutWide(dir);
    const first = await up(0o022, {}, '--dir', dir);
    const before = redisOf(join(dir, 'cozy.yaml'));
    const redis = listProcesses().find(
      ({ parent, command }) => parent === first.pid && command.includes('redis-server'),
    );
    process.kill(redis?.pid ?? 0, 'SIGKILL');
    await first.untilSaid(/Redis runs again/);
    expect(await askRedis(before.port, ['PING'])).to.equal(undefined);
    expect(await askRedis(before.port, ['PING'], before.password)).to.equal('PONG');
    first.child.kill('SIGKILL');
    await first.ended;
    const next = await up(0o022, {}, '--dir', dir);
    expect(redisOf(join(dir, 'cozy.yaml'))).to.deep.equal(before);
    expect(next.output()).to.not.include('is taken');
  });

  it('refuses a directory in which somebody has laid out a link', async () => {
    await laidOutWide(dir);
    const other = join(directory.path, 'other');
    symlinkSync(other, join(dir, 'env.sh'));
    const running = runIn({ cwd: directory.path }, 'up', '--dir', dir);
    expect(await running.ended).to.equal(2);
    expect(running.output()).to.include(`${join(dir, 'env.sh')} is a link`);
    expect(existsSync(other)).to.equal(false);
    expect(existsSync(join(dir, 'up.lock'))).to.equal(false);
  });

  it('has an env.sh that only sets variables, whatever the directory is called', async () => {
    couch = await startTestCouch({ ownProcess: true });
    const nasty = "q'uote;touch pwned;'x $(touch pwned) `touch pwned`\ntouch pwned";
    await writeFile(join(directory.path, 'cozy.yaml'), `couchdb: {url: ${JSON.stringify(couch.url)}}\n`);
    const running = await up(0o022, {}, '--dir', nasty);
    const file = join(directory.path, nasty, 'env.sh');
    expect(lstatSync(file).mode & 0o777).to.equal(0o600);
    for (const shell of ['sh', 'bash']) {
      const script = '. "$1"; printf %s "$COZY_FS_URL"; ls';
      const printed = execFileSync(shell, ['-c', script, shell, file], { cwd: directory.path }).toString();
      expect(printed)
        .to.include('/storage')
        .and.not.match(/^pwned$/m);
    }
    const [, hint = ''] =
      /need what this sets: {2}(.*?)\n {2}(?:npx )?cozy-fleet/s.exec(running.output()) ?? [];
    const script = `${hint}; test -n "$COZY_FS_URL" && ls`;
    const printed = execFileSync('sh', ['-c', script], { cwd: directory.path }).toString();
    expect(printed).to.not.match(/^pwned$/m);
  });
});
