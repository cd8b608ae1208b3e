import { expect } from 'chai';
import parsePrometheus from 'parse-prometheus-text-format';
import { listWorkers } from '../../../src/jobs/redis/worker-heartbeat.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';
import { type Running, runIn } from '../../support/up.ts';

describe('a worker and its fleet, as they are seen', function () {
  this.timeout(120_000);

  let platform: CliPlatform;
  let directory: TemporaryDirectory;
  const started: Running[] = [];

  beforeEach(async () => {
    platform = await startPlatform({ ownProcess: true });
    directory = await temporaryDirectory('workers-health');
  });

  afterEach(async () => {
    for (const pid of [platform.redis.pid, platform.couch.pid ?? 0]) {
      if (pid !== 0) process.kill(pid, 'SIGCONT');
    }
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
    await platform.close();
    await directory.remove();
  });

  interface Served {
    readonly worker: Running;
    ready(): Promise<{ status: number; body: Record<string, unknown> }>;
    live(): Promise<number>;
    /** Samples of all metrics, by name and labels: `name{a="b"}`. */
    metrics(): Promise<Map<string, number>>;
    /** All metrics as they are sent. */
    text(): Promise<string>;
  }

  function start(...argv: string[]): Running {
    const config = ['--config', platform.configFile];
    const worker = runIn({ cwd: directory.path }, 'workers', 'start', ...config, ...argv);
    started.push(worker);
    return worker;
  }

  async function serve(...argv: string[]): Promise<Served> {
    const worker = start('--http-port', '0', ...argv);
    await worker.untilSaid(/health and metrics.*http:[^\s"]+/);
    const [, url = ''] = /health and metrics.*?(http:[^\s"]+)/.exec(worker.output()) ?? [];
    return {
      worker,
      async ready() {
        const answer = await fetch(`${url}/health/ready`);
        return { status: answer.status, body: Object(await answer.json()) };
      },
      live: async () => (await fetch(`${url}/health/live`)).status,
      metrics: async () => samples(await (await fetch(`${url}/metrics`)).text()),
      text: async () => await (await fetch(`${url}/metrics`)).text(),
    };
  }

  async function servedAndReady(): Promise<Served> {
    const served = await serve();
    await served.worker.untilSaid('Ready: worker');
    await until('the worker is ready', async () => (await served.ready()).status === 200);
    return served;
  }

  const stats = async () => JSON.parse((await platform.run('queues', 'stats', '--json')).stdout);
  const workers = () => listWorkers(platform.fleet.redis, platform.fleet.keys);

  it('tells metrics that a Prometheus parser reads, and no domain in them', async () => {
    const served = await servedAndReady();
    const ran = await platform.spawn(['instances', 'add', 'alice.example.org']).ended;
    expect(ran.exitCode).to.equal(0);
    const done = async () => (await served.metrics()).get('cozy_fleet_jobs{state="done"}') === 1;
    await until('Redis has answered in time, and the job is done', done);
    const metrics = await served.metrics();
    expect(metrics.get('cozy_fleet_redis_up{}')).to.equal(1);
    expect(metrics.get('cozy_fleet_workers{state="working"}')).to.equal(1);
    expect(await served.text()).to.match(
      /^cozy_fleet_stage_seconds_count\{kind="create",stage="databases"\} 1$/m,
    );
    expect(metrics.get('cozy_fleet_worker_jobs_ended_total{kind="create",outcome="done"}')).to.equal(1);
    expect(metrics.get('cozy_fleet_worker_target_up{target="Redis"}')).to.equal(1);
    expect(metrics.get('cozy_fleet_queue_paused{}')).to.equal(0);
    expect([...metrics.keys()].some((name) => name.startsWith('nodejs_eventloop_lag_'))).to.equal(true);
    expect([...metrics.keys()].join('\n')).not.to.include('alice');
    await until('its heartbeat tells', async () => (await workers())[0]?.done === 1);
    expect((await workers())[0]).to.include({ failed: 0, running: 0, silent: false });
  });

  it('shows a killed worker as silent, and forgets it', async () => {
    const served = await servedAndReady();
    const killed = start();
    await killed.untilSaid('Ready: worker');
    killed.child.kill('SIGKILL');
    const silent = async () => (await served.metrics()).get('cozy_fleet_workers{state="silent"}') === 1;
    await until('it is silent', silent);
    expect((await workers()).map((worker) => worker.silent)).to.deep.equal([false, true]);
    expect((await served.ready()).body).to.have.nested.property('queue.workers.silent', 1);
    expect((await platform.run('workers', 'ls')).stdout).to.match(/\tsilent for \d+ s\t/);
    expect((await stats()).workers).to.include({ silent: 1, working: 1 });
    await until('it is forgotten', async () => (await workers()).length === 1);
  });

  it('shows a worker that hangs as silent, and alive again when it goes on', async () => {
    const worker = start();
    await worker.untilSaid('Ready: worker');
    worker.child.kill('SIGSTOP');
    await until('it is silent', async () => (await workers())[0]?.silent === true);
    worker.child.kill('SIGCONT');
    await until('it lives', async () => (await workers())[0]?.silent === false);
  });

  it('shows a paused queue with who and why, and is ready all the same', async () => {
    const served = await servedAndReady();
    const { exitCode } = await platform.run('queues', 'pause', '--reason', 'an upgrade');
    expect(exitCode).to.equal(0);
    await until('it is paused', async () => (await served.metrics()).get('cozy_fleet_queue_paused{}') === 1);
    expect((await stats()).paused).to.include({ reason: 'an upgrade' });
    const { status, body } = await served.ready();
    expect(status).to.equal(200);
    expect(body).to.have.nested.property('queue.paused.reason', 'an upgrade');
    await platform.run('queues', 'resume');
    await until('it is not', async () => (await served.metrics()).get('cozy_fleet_queue_paused{}') === 0);
  });

  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    it(`shows that CouchDB is away after ${signal}, though no job meets it`, async () => {
      const served = await servedAndReady();
      const { host } = new URL(platform.couch.url);
      process.kill(platform.couch.pid ?? 0, signal);
      await until('CouchDB is away', async () => (await served.ready()).status === 503);
      const { body } = await served.ready();
      expect(JSON.stringify(body)).to.include(`"CouchDB ${host}","ok":false`);
      expect(await served.live()).to.equal(200);
      await until('workers tell', async () => (await workers())[0]?.unwell.length === 1);
      expect((await platform.run('workers', 'ls')).stdout).to.include(`CouchDB ${host}: does not answer`);
      const { away } = await stats();
      expect(away).to.have.length(1);
      expect(away[0]).to.have.property('name', `CouchDB ${host}`);
      expect(away[0].reason).to.match(/^does not answer/);
      const metrics = await served.metrics();
      expect(metrics.get(`cozy_fleet_worker_target_up{target="CouchDB ${host}"}`)).to.equal(0);
      // A look at the fleet that is not over in time, as under load, is left out of an answer.
      const told = `cozy_fleet_target_away{target="CouchDB ${host}"}`;
      await until('metrics tell', async () => (await served.metrics()).get(told) === 1);
      if (signal === 'SIGKILL') await platform.couch.start();
      else process.kill(platform.couch.pid ?? 0, 'SIGCONT');
      await until('the worker is ready again', async () => (await served.ready()).status === 200);
    });
  }

  it('shows that Redis hangs, and answers nonetheless', async () => {
    const served = await servedAndReady();
    process.kill(platform.redis.pid, 'SIGSTOP');
    await until('Redis is away', async () => (await served.ready()).status === 503);
    expect(JSON.stringify((await served.ready()).body)).to.include('"Redis","ok":false');
    expect(await served.live()).to.equal(200);
    const metrics = await served.metrics();
    expect(metrics.get('cozy_fleet_redis_up{}')).to.equal(0);
    expect(metrics.has('cozy_fleet_queue_paused{}')).to.equal(false);
    expect(metrics.get('cozy_fleet_worker_target_up{target="Redis"}')).to.equal(0);
    process.kill(platform.redis.pid, 'SIGCONT');
    await until('the worker is ready again', async () => (await served.ready()).status === 200);
  });

  it('says what a worker waits for that has not started', async () => {
    await platform.couch.stop();
    const served = await serve('--wait-for-servers');
    await served.worker.untilSaid('CouchDB does not answer');
    const { status, body } = await served.ready();
    expect(status).to.equal(503);
    expect(JSON.stringify(body)).to.include('has not started: CouchDB does not answer');
    expect(await served.live()).to.equal(200);
    await platform.couch.start();
    await until('the worker is ready', async () => (await served.ready()).status === 200);
  });

  it('refuses a port that is taken, and ends', async () => {
    const { port } = new URL(platform.couch.url);
    const worker = start('--http-port', port);
    expect(await worker.ended).to.equal(2);
    expect(worker.output()).to.include(`Port ${port} of 127.0.0.1 is taken`);
  });
});

/** What a Prometheus parser reads: of histograms it keeps no labels, so they are left out. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, metrics } of parsePrometheus(text)) {
    for (const { labels = {}, value } of metrics) {
      if (value === undefined) continue;
      const written = Object.entries(labels).map(([label, of]) => `${label}="${of}"`);
      found.set(`${name}{${written.join(',')}}`, Number(value));
    }
  }
  return found;
}
