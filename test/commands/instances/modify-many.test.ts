import { expect } from 'chai';
import { reservationId } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

describe('instances modify of many', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
  });

  after(() => platform.close());

  async function instance(domain: string): Promise<StoredInstance> {
    const found = (await findByNames(platform.server, [domain])).find((each) => each.domain === domain);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  async function made(rows: readonly string[]): Promise<void> {
    const file = await platform.write('made.csv', rows);
    const { exitCode, stderr } = await platform.run('instances', 'add', '--from', file);
    expect(exitCode, stderr).to.equal(0);
  }

  it('--from changes each as its row says, with the flags where it says nothing', async () => {
    await made(['domain', 'a.unpaid.org', 'b.unpaid.org']);
    const lines = ['domain,disk-quota,blocking-reason', 'a.unpaid.org,5GB,', 'b.unpaid.org,,LOGIN_FAILED'];
    const file = await platform.write('unpaid.csv', lines);
    const argv = ['instances', 'modify', '--from', file, '--blocking-reason', 'PAYMENT_FAILED'];
    const { stdout, exitCode, stderr } = await platform.run(...argv);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('ended: 2 modified.');
    expect(await instance('a.unpaid.org')).to.include({
      blocked: true,
      blocking_reason: 'PAYMENT_FAILED',
      disk_quota: '5000000000',
    });
    expect(await instance('b.unpaid.org')).to.include({ blocked: true, blocking_reason: 'LOGIN_FAILED' });
  });

  it('sets feature flags of each row, and of all that meet a filter', async () => {
    await made(['domain,context-name', 'a.flags.org,flagged', 'b.flags.org,flagged']);
    const file = await platform.write('flags.csv', [
      'domain,feature_flags',
      'a.flags.org,"{""x"":true,""y"":{""z"":[1]}}"',
      'b.flags.org,',
    ]);
    const rows = await platform.run('instances', 'modify', '--from', file, '--feature-flags', '{"x":false}');
    expect(rows.exitCode, rows.stderr).to.equal(0);
    expect((await instance('a.flags.org')).feature_flags).to.deep.equal({ x: true, y: { z: [1] } });
    expect((await instance('b.flags.org')).feature_flags).to.deep.equal({ x: false });
    const argv = ['--context', 'flagged', '--force', '--feature-flags', '{"x":null,"all":1}'];
    const all = await platform.run('instances', 'modify', ...argv);
    expect(all.exitCode, all.stderr).to.equal(0);
    expect((await instance('a.flags.org')).feature_flags).to.deep.equal({ y: { z: [1] }, all: 1 });
    expect((await instance('b.flags.org')).feature_flags).to.deep.equal({ all: 1 });
  });

  it('changes those of an organization, and no other', async () => {
    const people = ['a.orgs.org,one,a@orgs.org,A', 'b.orgs.org,two,b@orgs.org,B'];
    await made(['domain,org-id,email,public-name', ...people]);
    const ran = await platform.run(
      'instances',
      'modify',
      '--with-org-id',
      'one',
      '--force',
      '--locale',
      'de',
    );
    expect(ran.exitCode, ran.stderr).to.equal(0);
    expect((await instance('a.orgs.org')).locale).to.equal('de');
    expect((await instance('b.orgs.org')).locale).to.equal('en');
  });

  it('does not take an organization to be set for a filter', async () => {
    const ran = await platform.run('instances', 'modify', '--org-id', 'one', '--force', '--locale', 'de');
    expect(ran.exitCode).to.equal(2);
    expect(ran.stderr).to.contain('--with-org-id');
  });

  it('makes instances members of an organization, its own first, and refuses those whom a stack could not read', async () => {
    await made([
      'domain,email,public-name',
      'm1.join.org,m1@join.org,M',
      'join.join.org,j@join.org,J',
      'm2.join.org,,',
    ]);
    const file = await platform.write('join.csv', [
      'domain,org-id,org-domain,public-name',
      'm1.join.org,join,Join.Example.,',
      'm2.join.org,join,join.example,Nobody',
      'join.join.org,join,join.example,',
    ]);
    const plan = await platform.run('instances', 'modify', '--from', file, '--dry-run');
    expect(plan.stdout).to.match(/join\.join\.org.*m1\.join\.org.*m2\.join\.org\s+refused/s);
    expect(plan.stdout).to.contain('org_id');
    expect(plan.exitCode, plan.stderr).to.equal(10);
    const ran = await platform.run('instances', 'modify', '--from', file);
    expect(ran.exitCode).to.equal(68);
    expect(ran.stdout).to.contain('2 modified, 1 failed');
    const joined = { org_id: 'join', org_domain: 'join.example' };
    expect(await instance('m1.join.org')).to.include(joined);
    expect(await instance('join.join.org')).to.include(joined);
    expect(await instance('m2.join.org')).not.to.have.any.keys('org_id', 'org_domain');
  });

  it('warns of an organization that has no instance of its own', async () => {
    await made(['domain,email,public-name', 'm1.lone.org,m1@lone.org,M']);
    const file = await platform.write('lone.csv', ['domain,org-id', 'm1.lone.org,nowhere']);
    const ran = await platform.run('instances', 'modify', '--from', file);
    expect(ran.exitCode, ran.stderr).to.equal(0);
    expect(ran.stderr).to.match(/no instance has "nowhere" as its first label/);
  });

  it('says where in a file flags are not good, and changes nothing', async () => {
    const file = await platform.write('bad-flags.csv', [
      'domain,feature_flags',
      'a.flags.org,"{""all"":2}"',
      'b.flags.org,"{""all"":12345678901234567890}"',
    ]);
    const ran = await platform.run('instances', 'modify', '--from', file);
    expect(ran.exitCode).to.equal(2);
    expect(ran.stderr).to.contain(`${file}:3: feature-flags: "all": the number is too long to be exact`);
    expect((await instance('a.flags.org')).feature_flags).to.deep.include({ all: 1 });
  });

  it('once more counts as skipped', async () => {
    const file = await platform.write('again.csv', ['domain', 'b.unpaid.org']);
    const argv = ['instances', 'modify', '--from', file, '--blocking-reason', 'LOGIN_FAILED'];
    const { stdout, exitCode } = await platform.run(...argv);
    expect(stdout).to.contain('ended: 0 modified, 1 skipped (so already).');
    expect(exitCode).to.equal(0);
  });

  it('fails the rows whose instance is not there, or is being made', async () => {
    await platform.server.putDocument(INSTANCES, {
      _id: reservationId('reserved.org'),
      domain: 'reserved.org',
      locale: 'en',
      password_defined: false,
      blocked: true,
      blocking_reason: `PROVISIONING:${'0'.repeat(16)}`,
    });
    const file = await platform.write('some.csv', ['domain', 'nobody.org', 'reserved.org', 'a.unpaid.org']);
    const argv = ['instances', 'modify', '--from', file, '--locale', 'de', '--json'];
    const { stdout, exitCode } = await platform.run(...argv);
    const { batch, counts } = JSON.parse(stdout);
    expect([counts.done, counts.failed, exitCode]).to.deep.equal([1, 2, 68]);
    const shown = await platform.run('batches', 'show', batch, '--failed');
    expect(shown.stdout).to.match(/nobody\.org\tmodify\t1\tnot_found: /);
    expect(shown.stdout).to.match(/reserved\.org\tmodify\t1\tprovisioning: /);
  });

  it('--from with a bad row changes nothing', async () => {
    const before = await platform.everything();
    const lines = ['domain,disk-quota', 'a.unpaid.org,5GB', 'b.unpaid.org,much'];
    const file = await platform.write('bad.csv', lines);
    const { stderr, exitCode } = await platform.run('instances', 'modify', '--from', file);
    expect(stderr).to.contain(`${file}:3: disk-quota:`);
    expect(exitCode).to.equal(2);
    expect(await platform.everything()).to.deep.equal(before);
  });

  it('--from with a row that changes nothing says so', async () => {
    const file = await platform.write('nothing.csv', ['domain', 'a.unpaid.org']);
    const { stderr, exitCode } = await platform.run('instances', 'modify', '--from', file);
    expect(stderr).to.contain(`${file}:2: domain: nothing is to change`);
    expect(exitCode).to.equal(2);
  });

  it('of a filter asks for their number', async () => {
    const argv = ['instances', 'modify', '--state', 'blocked', '--domain', '*.unpaid.org', '--blocked=false'];
    const refused = await platform.spawn(argv, '1\n').ended;
    expect(refused.stderr).to.contain('Error: Aborted');
    expect(await instance('a.unpaid.org')).to.include({ blocked: true });
    const { stdout, exitCode, stderr } = await platform.spawn(argv, '2\n').ended;
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('ended: 2 modified.');
    expect(await instance('a.unpaid.org')).to.not.have.any.keys('blocked', 'blocking_reason');
  });

  for (const [name, ...change] of [
    ['quota', '--disk-quota', '1GB'],
    ['settings', '--tz', 'Asia/Tokyo'],
  ]) {
    it(`of a filter leaves the ${name} alone of what has changed since the operator looked`, async () => {
      const domain = `${name}.beta.org`;
      await made(['domain,context-name', `${domain},beta`]);
      await platform.stopWorker();
      const argv = ['instances', 'modify', '--context', 'beta', ...change, '--force'];
      const { stdout } = await platform.run(...argv, '--async', '--json');
      const now = await instance(domain);
      await platform.server.putDocument(INSTANCES, { ...now, context: 'other' });
      await platform.startWorker();
      const { batch } = JSON.parse(stdout);
      expect((await platform.run('batches', 'watch', batch)).exitCode).to.equal(1);
      expect((await platform.run('batches', 'show', batch, '--failed')).stdout).to.contain('changed: ');
      expect(await instance(domain)).to.not.have.property('disk_quota');
    });
  }

  it('refuses what is one instance’s own', async () => {
    const argv = ['instances', 'modify', '--context', 'beta', '--email', 'x@example.org', '--force'];
    const { stderr, exitCode } = await platform.run(...argv);
    expect(stderr).to.contain("--email is one instance's own");
    expect(exitCode).to.equal(2);
  });
});
