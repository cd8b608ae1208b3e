import { createServer } from 'node:http';
import { expect } from 'chai';
import type { RedisTarget } from '../../src/config/redis-target.ts';
import { createServerClient } from '../../src/redis/client.ts';
import { createScriptClient, type ScriptClient } from '../../src/redis/script-client.ts';
import { Cleanup } from '../support/cleanup.ts';
import { listeningOn } from '../support/listening-on.ts';
import { redisAt } from '../support/redis-at.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { thrownBy } from '../support/thrown-by.ts';
import { until } from '../support/until.ts';

const WRITE = "return redis.call('INCR', KEYS[1])";

describe('what runs scripts', () => {
  const cleanup = new Cleanup();
  let server: RedisServer;
  let loaded: number;

  beforeEach(async () => {
    loaded = 0;
    server = await start();
  });
  afterEach(() => cleanup.run());

  async function start(...settings: string[]): Promise<RedisServer> {
    return cleanup.add(await startRedisServer({ settings }), (each) => each.close());
  }

  /** @param real where the client connects to, if not there as well */
  function connect(target: RedisTarget, real = target): ScriptClient {
    const load = async () => {
      loaded += 1;
      if (real.kind === 'cluster') throw new Error('none of these tests has a cluster');
      return createServerClient(real, 'command', { mayAskInfo: false });
    };
    return cleanup.add(createScriptClient(target, load), (each) => each.disconnect());
  }

  /** How many connections have a script as their last command. */
  const running = async () => (await server.ask('CLIENT', 'LIST')).match(/\bcmd=eval\b/g)?.length ?? 0;

  it('needs no client where nothing is in the way', async () => {
    const scripts = connect(redisAt(server.url));
    const echo = 'return {ARGV[1], 7, false, {KEYS[1]}}';
    expect(await scripts.eval(echo, 1, 'key', 'é')).to.deep.equal(['é', 7, null, ['key']]);
    const both = await Promise.all([scripts.eval(WRITE, 1, 'n'), scripts.eval(WRITE, 1, 'n')]);
    expect(both).to.deep.equal([1, 2]);
    expect(loaded).to.equal(0);
  });

  it('works as its user, in its database', async () => {
    await server.ask('ACL', 'SETUSER', 'fleet', 'on', '>se cret', '~*', '+@all');
    await server.ask('CONFIG', 'SET', 'requirepass', 'other');
    const scripts = connect(redisAt(`redis://fleet:se%20cret@127.0.0.1:${server.port}/3`));
    expect(await scripts.eval("redis.call('SET', KEYS[1], '1') return redis.call('PING')", 1, 'x')).to.exist;
    expect(loaded).to.equal(0);
    const there = cleanup.add(
      createServerClient(redisAt(`redis://:other@127.0.0.1:${server.port}/3`), 'command'),
      (each) => each.disconnect(),
    );
    expect(await there.get('x')).to.equal('1');
  });

  it('reaches a socket', async () => {
    const path = `${server.directory}/redis.sock`;
    const other = await start('--unixsocket', path);
    const scripts = connect({ kind: 'socket', path, database: 0 });
    expect(await scripts.eval(WRITE, 1, 'n')).to.equal(1);
    expect(await other.ask('GET', 'n')).to.contain('1');
    expect(loaded).to.equal(0);
  });

  it('says which script is not known, for it is sent next', async () => {
    const scripts = connect(redisAt(server.url));
    expect(await thrownBy(scripts.evalsha('0'.repeat(40), 1, 'n')))
      .to.have.property('message')
      .that.matches(/^NOSCRIPT /);
    expect(loaded).to.equal(0);
  });

  it('leaves it to a client when its connection was cut', async () => {
    const scripts = connect(redisAt(server.url));
    await scripts.eval(WRITE, 1, 'n');
    await server.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await scripts.eval(WRITE, 1, 'm')).to.equal(1);
    expect(await scripts.eval(WRITE, 1, 'm')).to.equal(2);
    expect(loaded).to.equal(1);
  });

  it('leaves it to a client when the server takes no writes any more', async () => {
    const scripts = connect(redisAt(server.url));
    await scripts.eval(WRITE, 1, 'n');
    const master = await start();
    await server.ask('REPLICAOF', '127.0.0.1', String(master.port));
    const written = scripts.eval(WRITE, 1, 'n');
    await until('the client is loaded', () => loaded === 1);
    await server.ask('REPLICAOF', 'NO', 'ONE');
    expect(await written).to.be.a('number');
  });

  it('leaves it to a client when it is not let in, and sends nothing before', async () => {
    await server.ask('CONFIG', 'SET', 'requirepass', 'right');
    const scripts = connect(
      redisAt(`redis://:wrong@127.0.0.1:${server.port}`),
      redisAt(`redis://:right@127.0.0.1:${server.port}`),
    );
    expect(await scripts.eval(WRITE, 1, 'n')).to.equal(1);
    expect(loaded).to.equal(1);
  });

  it('leaves it to a client where something else answers', async () => {
    const web = createServer();
    const port = await listeningOn(web);
    cleanup.add(web, (each) => void each.close());
    const scripts = connect(redisAt(`redis://127.0.0.1:${port}`), redisAt(server.url));
    expect(await scripts.eval(WRITE, 1, 'n')).to.equal(1);
    expect(loaded).to.equal(1);
  });

  it('leaves TLS, sentinels and what may be a cluster to a client', async () => {
    const { port } = server;
    const node = { host: '127.0.0.1', port };
    const targets: RedisTarget[] = [
      { kind: 'server', mayBeCluster: false, ...node, database: 0, tls: { skipVerify: true } },
      { kind: 'server', mayBeCluster: true, ...node, database: 0 },
      { kind: 'sentinel', master: 'm', nodes: [node], database: 0 },
      { kind: 'cluster', nodes: [node], database: 0 },
    ];
    for (const target of targets) {
      expect(await connect(target, redisAt(server.url)).eval('return 1', 1, 'n')).to.equal(1);
    }
    expect(loaded).to.equal(targets.length);
  });

  it('leaves no connection behind, and does nothing afterwards', async () => {
    const scripts = connect(redisAt(server.url));
    await scripts.eval(WRITE, 1, 'n');
    expect(await running()).to.equal(1);
    scripts.disconnect();
    await until('it is not connected', async () => (await running()) === 0);
    await thrownBy(scripts.eval(WRITE, 1, 'n'));
    expect(await server.ask('GET', 'n')).to.contain('1');
    expect(loaded).to.equal(0);
  });
});
