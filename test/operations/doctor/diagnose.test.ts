import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../src/config/load-config.ts';
import { askRedis } from '../../../src/embedded/ask-redis.ts';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type Diagnosis, diagnose } from '../../../src/operations/doctor/diagnose.ts';
import type { FleetYamlOptions } from '../../../src/up/config-file.ts';
import { Cleanup } from '../../support/cleanup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { putInstances } from '../../support/put-instances.ts';
import { type RedisServerOptions, startRedisServer } from '../../support/redis-server.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { testPort } from '../../support/test-port.ts';

describe('a diagnosis', () => {
  let platform: CliPlatform;
  const cleanup = new Cleanup();

  before(async () => {
    platform = await startPlatform({ lockout: true });
    // As one that is well has it; that of the tests does not wait for the disk.
    await askRedis(platform.redis.port, ['CONFIG', 'SET', 'appendfsync', 'always']);
    await platform.startWorker();
  });
  afterEach(() => cleanup.run());
  after(() => platform.close());

  /** Of the platform with these changes to its configuration. */
  async function diagnosed(changes: Partial<FleetYamlOptions> = {}, more = ''): Promise<Diagnosis> {
    const file = await platform.configure(changes);
    await writeFile(file, more, { flag: 'a' });
    const source = { env: {}, cwd: '/', home: '/', file };
    const services = { source, version: '0.1.0', node: '20.19.0', uid: process.getuid?.(), now: Date.now };
    return await diagnose(loadConfig(source), services, new AbortController().signal);
  }

  /** What is not ok: `verdict subject/check`. */
  const troubles = ({ checks }: Diagnosis) =>
    checks
      .filter(({ verdict }) => verdict !== 'ok')
      .map(({ verdict, subject, check }) => `${verdict} ${subject}/${check}`);

  /** What every platform of these tests has: its CouchDB is embedded, and nobody has set an admin passphrase. */
  const USUAL = ['warn couchdb/version', 'warn serve/admin-passphrase'];

  const others = (diagnosis: Diagnosis) => troubles(diagnosis).filter((each) => !USUAL.includes(each));

  const about = ({ checks }: Diagnosis, name: string) => {
    const [subject, check] = name.split('/');
    return checks.find((each) => each.subject === subject && each.check === check);
  };

  async function redisWith(options: RedisServerOptions) {
    return cleanup.add(await startRedisServer(options), (each) => each.close());
  }

  it('finds nothing on a platform that is well, and changes nothing there', async () => {
    const before = await platform.everything();
    const diagnosis = await diagnosed();
    // The Redis of tests has no password.
    expect(others(diagnosis)).to.deep.equal(['warn redis/password']);
    expect(diagnosis).to.include({ fails: 0, warnings: 3 });
    expect(await platform.everything()).to.deep.equal(before);
    expect(await readdir(platform.config.storage.root)).to.deep.equal(['.cozy-fleet']);
  });

  it('says each subject once, in order', async () => {
    const subjects: string[] = [];
    const file = platform.configFile;
    const source = { env: {}, cwd: '/', home: '/', file };
    const services = { source, version: '0.1.0', node: '20.19.0', uid: undefined, now: Date.now };
    await diagnose(loadConfig(source), services, new AbortController().signal, ({ subject }) =>
      subjects.push(subject),
    );
    expect(subjects).to.deep.equal([
      'configuration',
      'redis',
      'couchdb',
      'definitions',
      'storage',
      'fleet',
      'pool',
      'dates',
      'workers',
      'registries',
      'stack-redis',
      'clocks',
      'serve',
    ]);
  });

  it('fails a Redis that throws keys away', async () => {
    const settings = ['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'yes', '--appendfsync', 'always'];
    const redis = await redisWith({ settings });
    const diagnosis = await diagnosed({ redisUrl: redis.url });
    expect(others(diagnosis)).to.include('fail redis/eviction');
    expect(about(diagnosis, 'redis/eviction')?.advice).to.contain('CONFIG SET maxmemory-policy noeviction');
  });

  it('says what a Redis tells that forbids CONFIG and INFO', async () => {
    const redis = await redisWith({ settings: ['--appendonly', 'yes'] });
    await redis.ask('ACL', 'SETUSER', 'fleet', 'on', '>pw', '~*', '&*', '+@all', '-config');
    const url = redis.url.replace('://', '://fleet:pw@');
    const withInfo = await diagnosed({ redisUrl: url });
    expect(about(withInfo, 'redis/eviction')?.text).to.equal('maxmemory-policy noeviction');
    expect(about(withInfo, 'redis/append-only-file')?.verdict).to.equal('ok');
    await redis.ask('ACL', 'SETUSER', 'fleet', '-info');
    expect(others(await diagnosed({ redisUrl: url }))).to.include.members([
      'warn redis/info',
      'warn redis/eviction',
    ]);
  });

  it('names commands that a Redis forbids', async () => {
    const redis = await redisWith({});
    await redis.ask('ACL', 'SETUSER', 'fleet', 'on', '>pw', '~*', '&*', '+@all', '-evalsha');
    const diagnosis = await diagnosed({ redisUrl: redis.url.replace('://', '://fleet:pw@') });
    expect(about(diagnosis, 'redis/answers')).to.include({ verdict: 'fail' });
    expect(about(diagnosis, 'redis/answers')?.text).to.contain('evalsha');
    expect(JSON.stringify(diagnosis)).not.to.contain(':pw@');
  });

  it('fails a wrong password of Redis, and never shows it', async () => {
    const redis = await redisWith({ settings: ['--requirepass', 'right'] });
    const diagnosis = await diagnosed({ redisUrl: redis.url.replace('://', '://:geheim@') });
    expect(about(diagnosis, 'redis/answers')?.text).to.match(/does not let us in/);
    expect(about(diagnosis, 'redis/answers')?.advice).to.equal('Check user and password in fleet.redis_url.');
    expect(others(diagnosis)).to.include.members(['fail fleet/same-fleet', 'fail workers/running']);
    expect(JSON.stringify(diagnosis)).not.to.contain('geheim');
  });

  it('fails a wrong password of CouchDB, and tries it once however often it is asked', async () => {
    const proxy = cleanup.add(await startCountingProxy(platform.couch.origin), (each) => each.close());
    const couchUrl = `http://admin:geheim@127.0.0.1:${proxy.port}`;
    for (let time = 0; time < 4; time += 1) {
      const diagnosis = await diagnosed({ couchUrl });
      expect(about(diagnosis, 'couchdb/reachable')).to.include({ verdict: 'fail' });
      expect(about(diagnosis, 'couchdb/reachable')?.text).to.match(/refuses the user or password/);
      expect(others(diagnosis)).to.include.members(['fail fleet/same-fleet', 'fail definitions/platform']);
      expect(JSON.stringify(diagnosis)).not.to.contain('geheim');
    }
    expect(proxy.count(401)).to.equal(1);
    expect(others(await diagnosed())).to.deep.equal(['warn redis/password']);
  });

  it('tries a wrong password of CouchDB once also where Redis is away', async () => {
    const proxy = cleanup.add(await startCountingProxy(platform.couch.origin), (each) => each.close());
    const couchUrl = `http://admin:other@127.0.0.1:${proxy.port}`;
    const diagnosis = await diagnosed({ couchUrl, redisUrl: `redis://127.0.0.1:${await testPort()}` });
    expect(about(diagnosis, 'couchdb/reachable')?.text).to.match(/refuses the user or password/);
    expect(proxy.count(401)).to.equal(1);
  });

  it('fails instances of a stack with another number', async () => {
    await putInstances(platform.server, [{ domain: 'newer.example.org', indexes_version: 40 }]);
    cleanup.add(platform.server, async (server) => {
      for (const { _id, _rev, domain } of await server.find(INSTANCES, {
        selector: { indexes_version: 40 },
      })) {
        if (domain === 'newer.example.org') await server.deleteDocument(INSTANCES, _id, _rev);
      }
    });
    const diagnosis = await diagnosed();
    expect(others(diagnosis)).to.include('fail definitions/instances');
    expect(about(diagnosis, 'definitions/instances')?.text).to.match(
      /^1 of \d+ instances .* have definitions 40/,
    );
  });

  it('fails a storage that belongs to another fleet, or is not there', async () => {
    const other = cleanup.add(await temporaryDirectory('other'), (each) => each.remove());
    expect(others(await diagnosed({ storageRoot: other.path }))).to.include('fail fleet/same-fleet');
    await writeFile(join(other.path, '.cozy-fleet'), '00000000-0000-4000-8000-000000000000\n');
    const diagnosis = await diagnosed({ storageRoot: other.path });
    expect(about(diagnosis, 'fleet/same-fleet')?.text).to.match(/^they belong to different fleets/);
    const gone = await diagnosed({ storageRoot: join(other.path, 'gone') });
    expect(about(gone, 'storage/writable')?.text).to.equal(`${join(other.path, 'gone')} is not there`);
  });

  it('fails a full disk', async function () {
    const { path, remove } = await temporaryDirectory('full');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path], { stdio: 'ignore' });
    } catch {
      await remove();
      this.skip();
    }
    cleanup.add(path, async () => {
      execFileSync('umount', [path]);
      await remove();
    });
    const fills = writeFile(join(path, 'filling'), Buffer.alloc(128 * 1024));
    await fills.catch(() => undefined);
    const diagnosis = await diagnosed({ storageRoot: path });
    expect(others(diagnosis)).to.include.members(['fail storage/writable', 'fail storage/room']);
    expect(about(diagnosis, 'storage/writable')?.text).to.match(/is full/);
    expect(about(diagnosis, 'storage/room')?.advice).to.match(/^Free some space/);
    expect(await readdir(path)).to.deep.equal(['filling']);
  });

  it('warns of a configuration that others can read', async () => {
    const file = await platform.configure({});
    await chmod(file, 0o644);
    const source = { env: {}, cwd: '/', home: '/', file };
    const services = { source, version: '0.1.0', node: '20.19.0', uid: undefined, now: Date.now };
    const diagnosis = await diagnose(loadConfig(source), services, new AbortController().signal);
    expect(others(diagnosis)).to.include('warn configuration/secret-files');
  });

  it('warns of clocks that differ', async () => {
    const source = { env: {}, cwd: '/', home: '/', file: platform.configFile };
    const ahead = (ms: number) => ({
      source,
      version: '0.1.0',
      node: '20.19.0',
      uid: undefined,
      now: () => Date.now() + ms,
    });
    const diagnosis = await diagnose(loadConfig(source), ahead(90_000), new AbortController().signal);
    const clocks = diagnosis.checks.filter(({ subject }) => subject === 'clocks');
    expect(clocks.map(({ verdict }) => verdict)).to.deep.equal(['fail', 'fail']);
  });

  it('asks the stack`s Redis and the registries, too', async () => {
    const redis = await redisWith({ settings: ['--requirepass', 'right'] });
    const more = `redis:\n  addrs: 127.0.0.1:${redis.port}\n  password: geheim\n`;
    const diagnosis = await diagnosed({}, more);
    expect(others(diagnosis)).to.include.members(['fail stack-redis/jobs', 'fail stack-redis/lock']);
    expect(JSON.stringify(diagnosis)).not.to.contain('geheim');
    expect(others(await diagnosed({}, more.replace('geheim', 'right')))).to.deep.equal([
      'warn redis/password',
    ]);
  });

  it('ends with fails in seconds where all that is there is silent', async function () {
    this.timeout(30_000);
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanup.add(silent, (each) => void each.close());
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const redis = await redisWith({});
    redis.freeze();
    cleanup.add(redis, (each) => each.thaw());
    const changes = { couchUrl: `http://a:b@127.0.0.1:${port}`, redisUrl: redis.url };
    const begun = performance.now();
    const diagnosis = await diagnosed(changes);
    expect(performance.now() - begun).to.be.lessThan(15_000);
    expect(others(diagnosis)).to.include.members([
      'fail redis/answers',
      'fail couchdb/reachable',
      'fail fleet/same-fleet',
      'fail workers/running',
      'fail definitions/platform',
    ]);
  });

  it('ends with its signal', async () => {
    const source = { env: {}, cwd: '/', home: '/', file: platform.configFile };
    const services = { source, version: '0.1.0', node: '20.19.0', uid: undefined, now: Date.now };
    const stop = new AbortController();
    const ended = diagnose(loadConfig(source), services, stop.signal);
    stop.abort(new Error('enough'));
    expect(await ended.catch((error: unknown) => String(error))).to.equal('Error: enough');
  });
});
