import { expect } from 'chai';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

const STAGES = ['register', 'databases', 'indexes', 'directories', 'settings', 'finish', 'apps'];

describe('jobs', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  afterEach(() => platform.stopWorker());

  after(() => platform.close());

  async function queued(domain: string, ...argv: string[]): Promise<string> {
    const { stdout } = await platform.run('instances', 'add', domain, '--async', '--json', ...argv);
    return JSON.parse(stdout).jobId;
  }

  it('ls lists what waits', async () => {
    const jobId = await queued('a.example.org');
    const { stdout } = await platform.run('jobs', 'ls', '--state', 'waiting');
    expect(stdout.split('\n').map((line) => line.split('\t').slice(0, 4))).to.deep.include([
      jobId,
      'create',
      'waiting',
      'a.example.org',
    ]);
  });

  it('ls names a job that somebody has broken, and lists the others', async () => {
    const { redis, keys } = platform.fleet;
    const [broken, other] = [await queued('broken.example.org'), await queued('whole.example.org')];
    const whole = await redis.hgetall(keys.bull(broken));
    for (const [field, value] of [
      ['data', '{'],
      ['timestamp', 'abc'],
      ['progress', 'abc'],
    ] as const) {
      await redis.hset(keys.bull(broken), { ...whole, [field]: value });
      const { stdout, exitCode } = await platform.run('jobs', 'ls', '--state', 'waiting');
      expect(exitCode, field).to.equal(0);
      expect(stdout, field).to.include(broken).and.include(other);
    }
    await redis.hset(keys.bull(broken), whole);
    await redis.hdel(keys.bull(broken), 'name', 'data');
    expect((await platform.run('jobs', 'ls', '--state', 'waiting')).stdout).to.include(broken);
    await redis.hset(keys.bull(broken), { ...whole, data: '{' });
    const { stderr, exitCode } = await platform.run('jobs', 'show', broken);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include(`what is kept of job ${broken} is not one of ours`);
    await redis.hset(keys.bull(broken), whole);
  });

  it('ls finds the latest job for a domain or an alias', async () => {
    const jobId = await queued('b.example.org', '--domain-aliases', 'b2.example.org');
    const { stdout } = await platform.run('jobs', 'ls', '--domain', 'B2.example.org', '--json');
    expect(JSON.parse(stdout).map((job: { jobId: string }) => job.jobId)).to.deep.equal([jobId]);
  });

  it('show and ls take a domain as it may be typed everywhere', async () => {
    const jobId = await queued('zoé.example.org');
    for (const typed of ['xn--zo-cja.example.org', ' ZOÉ.example.org']) {
      const { stdout } = await platform.run('jobs', 'show', typed, '--json');
      expect(JSON.parse(stdout)).to.include({ jobId, domain: 'zoé.example.org' });
      const { stdout: listed } = await platform.run('jobs', 'ls', '--domain', typed, '--json');
      expect(JSON.parse(listed)).to.have.length(1);
    }
  });

  it('show gives the stages', async () => {
    const jobId = await queued('c.example.org');
    await platform.startWorker();
    await platform.run('jobs', 'watch', jobId);
    const { stdout } = await platform.run('jobs', 'show', 'c.example.org', '--json');
    const shown = JSON.parse(stdout);
    expect(shown).to.include({
      jobId,
      kind: 'create',
      state: 'done',
      outcome: 'created',
      domain: 'c.example.org',
    });
    expect(shown.stages.map(({ stage }: { stage: string }) => stage)).to.deep.equal(STAGES);
  });

  it('watch gives a line a stage, then how the owner gets in', async () => {
    const jobId = await queued('d.example.org');
    await platform.startWorker();
    const { stdout, exitCode } = await platform.run('jobs', 'watch', jobId);
    const [instance] = await findByNames(platform.server, ['d.example.org']);
    const token = Buffer.from(instance?.register_token ?? '', 'base64').toString('hex');
    const lines = stdout.split('\n');
    expect(lines.slice(0, 7).map((line) => line.split(' ')[0])).to.deep.equal(STAGES);
    expect(lines.slice(7)).to.deep.equal([
      'Instance created with success for domain d.example.org',
      `Registration token: "${token}"`,
      `Define your password by visiting https://d.example.org/?registerToken=${token}`,
      '',
    ]);
    expect(exitCode).to.equal(0);
  });

  it('watch says that an instance was made whose document cannot be read, before it says so', async () => {
    const domain = 'unread.example.org';
    await platform.startWorker();
    const { stdout: added } = await platform.run('instances', 'add', domain, '--json');
    const [instance] = await findByNames(platform.server, [domain]);
    if (instance === undefined) throw new Error('the instance was not made');
    const _rev = await platform.server.putDocument(INSTANCES, { ...instance, locale: 5 });
    const { stdout, stderr, exitCode } = await platform.run('jobs', 'watch', JSON.parse(added).jobId);
    expect(exitCode).to.equal(1);
    expect(stdout).to.contain(`Instance created with success for domain ${domain}`);
    expect(stderr).to.contain('locale');
    await platform.server.putDocument(INSTANCES, { ...instance, _rev });
  });

  it('watch has exit code 69 when --wait runs out', async () => {
    const jobId = await queued('e.example.org');
    expect(await platform.run('jobs', 'watch', jobId, '--wait', '50ms')).to.include({ exitCode: 69 });
  });

  it('cancel stops a job, and retry has it done', async () => {
    const jobId = await queued('f.example.org');
    const { stdout } = await platform.run('jobs', 'cancel', jobId);
    expect(stdout).to.contain('Nothing was made of f.example.org so far.');
    expect(stdout).to.contain(`cozy-fleet jobs retry ${jobId}`);

    await platform.startWorker();
    const watched = await platform.run('jobs', 'watch', jobId);
    expect(watched.stderr).to.match(/^Error: cancelled by \S+@/);
    expect(watched.exitCode).to.equal(1);
    const failed = await platform.run('jobs', 'ls', '--state', 'failed', '--json');
    expect(JSON.parse(failed.stdout)[0]).to.include({ jobId, state: 'failed' });

    expect(await platform.run('jobs', 'retry', jobId)).to.include({ exitCode: 0 });
    expect(await platform.run('jobs', 'watch', jobId)).to.include({ exitCode: 0 });
  });

  it('cancel refuses a job that has ended', async () => {
    await platform.startWorker();
    await platform.run('instances', 'add', 'g.example.org');
    const { stderr, exitCode } = await platform.run('jobs', 'cancel', 'g.example.org');
    expect(stderr).to.contain('has ended: it is done');
    expect(exitCode).to.equal(1);
  });

  it('retry refuses a job that has not failed', async () => {
    await platform.startWorker();
    await platform.run('instances', 'add', 'h.example.org');
    const { stderr, exitCode } = await platform.run('jobs', 'retry', 'h.example.org');
    expect(stderr).to.contain('has not failed');
    expect(exitCode).to.equal(1);
  });

  it('says that a job is not known', async () => {
    const { stderr, exitCode } = await platform.run('jobs', 'show', 'nobody.example.org');
    expect(stderr).to.contain('no job is known for nobody.example.org');
    expect(exitCode).to.equal(2);
  });

  describe('by filters', () => {
    const listed = async (...argv: string[]): Promise<{ domain: string; cursor: string }[]> =>
      JSON.parse((await platform.run('jobs', 'ls', '--json', ...argv)).stdout);

    /** Queued, stopped, and ended so. */
    async function stopped(...domains: string[]): Promise<void> {
      for (const domain of domains) await platform.run('jobs', 'cancel', await queued(domain));
      await platform.startWorker();
      for (const domain of domains) await platform.run('jobs', 'watch', domain);
      await platform.stopWorker();
    }

    it('ls goes on where it stopped, and says how', async () => {
      for (const name of ['1', '2', '3']) await queued(`page${name}.org`);
      const pattern = 'page*.org';
      const { stderr } = await platform.run('jobs', 'ls', '--domain', pattern, '--limit', '2');
      const [first, second, ...others] = await listed('--domain', pattern, '--limit', '2');
      expect(others).to.deep.equal([]);
      expect(stderr)
        .to.contain(`jobs ls --domain 'page*.org' --limit 2`)
        .and.contain(`--after ${second?.cursor}`);
      const rest = await listed('--domain', pattern, '--after', second?.cursor ?? '');
      const names = [first, second, ...rest].map((each) => each?.domain);
      expect(names).to.have.members(['page1.org', 'page2.org', 'page3.org']);
    });

    it('retry and cancel refuse a name beside a filter, and neither of them', async () => {
      for (const argv of [[], ['a.example.org', '--state', 'failed'], ['a.example.org', '--force']]) {
        for (const command of ['retry', 'cancel']) {
          expect(await platform.run('jobs', command, ...argv)).to.include({ exitCode: 2 });
        }
      }
      const empty = await platform.run('jobs', 'cancel', '--domain', '');
      expect(empty.exitCode).to.equal(2);
    });

    it('retry shows what it would do, and takes those and no other', async () => {
      await stopped('again1.org', 'again2.org', 'other.net');
      const filter = ['--state', 'cancelled', '--domain', 'again?.org'];
      const dry = await platform.run('jobs', 'retry', ...filter, '--dry-run');
      expect(dry.exitCode).to.equal(10);
      expect(dry.stdout)
        .to.match(/^2 create cancelled\n/)
        .and.contain('again1.org')
        .and.contain('again2.org');
      const asked = platform.spawn(['jobs', 'retry', ...filter], 'no\n');
      expect((await asked.ended).stderr).to.contain('Aborted');
      const done = await platform.spawn(['jobs', 'retry', ...filter], 'yes\n').ended;
      expect(done.stdout).to.contain('Try 2 jobs again?').and.contain('2 queued again\n');
      expect(done.exitCode).to.equal(0);
      expect(await platform.run('jobs', 'retry', ...filter, '--dry-run')).to.include({ exitCode: 0 });
      const waiting = await listed('--state', 'waiting', '--domain', '*.org');
      expect(waiting.map(({ domain }) => domain)).to.include.members(['again1.org', 'again2.org']);
      expect((await listed('--state', 'cancelled', '--domain', 'other.*')).length).to.equal(1);
    });

    it('cancel stops what meets the filter', async () => {
      const [one, other] = [await queued('stop1.org'), await queued('go.net')];
      const { stdout } = await platform.run('jobs', 'cancel', '--domain', 'stop*', '--force', '--json');
      expect(JSON.parse(stdout)).to.deep.include({ total: 1, done: 1, refused: [] });
      const { redis, keys } = platform.fleet;
      const flags = await redis.mget(keys.cancel(one), keys.cancel(other));
      expect(flags.map((flag) => flag !== null)).to.deep.equal([true, false]);
    });
  });
});
