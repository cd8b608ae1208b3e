import { expect } from 'chai';
import { INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { ensureGlobalDatabases } from '../../../src/instances/platform/global-databases.ts';
import { LIFT_SAID, readDate, type StoredDate } from '../../../src/jobs/dates/date-document.ts';
import { createDateStore, DATES } from '../../../src/jobs/dates/date-store.ts';
import { startApartCouch } from '../../support/apart-couch.ts';
import { type CliPlatform, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { destroyDate, unblockDate } from '../../support/test-dates.ts';
import { until } from '../../support/until.ts';

describe('dates of instances', () => {
  let platform: CliPlatform;
  let made = 0;

  const run = (...argv: string[]) => platform.run(...argv);

  before(async () => {
    platform = await startPlatform();
    await ensureGlobalDatabases(platform.server);
    await platform.startWorker();
  });
  after(() => platform.close());

  afterEach(async () => {
    const store = createDateStore(platform.server);
    await store.drop((await store.list()).dates);
  });

  async function put(fields: object = {}): Promise<string> {
    made += 1;
    const domain = `dated-${made}.example.org`;
    const cli_secret = Buffer.from(`secret ${made}`).toString('base64');
    const document = {
      _id: `id-${made}`,
      domain,
      locale: 'en',
      password_defined: false,
      cli_secret,
      ...fields,
    };
    await platform.server.putDocument(INSTANCES, document);
    return domain;
  }

  const idOf = (domain: string) => domain.replace(/^dated-(\d+).*/, 'id-$1');
  const instance = (domain: string) => platform.server.getDocument(INSTANCES, idOf(domain));

  async function dateOf(domain: string, act: 'destroy' | 'unblock' = 'destroy'): Promise<StoredDate> {
    const document = await platform.server.getDocument(DATES, `${act}:${idOf(domain)}`);
    const date = document && readDate(document);
    if (date === undefined) throw new Error(`${domain} has no date`);
    return date;
  }

  async function hasDate(domain: string, act: 'destroy' | 'unblock' = 'destroy'): Promise<boolean> {
    return (await createDateStore(platform.server).get(`${act}:${idOf(domain)}`)) !== undefined;
  }

  it('are set by instances destroy --after, which destroys and queues nothing', async () => {
    const domain = await put();
    const { stdout, exitCode } = await run('instances', 'destroy', domain, '--after', '30d', '--force');
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^destroy on \d{4}-\d\d-\d\d \d\d:\d\d \S+: 1 instance; 1 set\n/);
    const { due, confirmed, said } = await dateOf(domain);
    expect(Date.parse(due) - Date.now()).to.be.within(29 * 86_400_000, 31 * 86_400_000);
    expect({ confirmed, said }).to.deep.equal({ confirmed: undefined, said: '30d' });
    expect(await instance(domain)).to.not.have.any.keys('deleting', 'blocked');
    expect((await run('jobs', 'ls', '--json')).stdout).to.not.contain(domain);
  });

  it('are the same where the same command is run again', async () => {
    const domain = await put();
    const argv = ['instances', 'destroy', domain, '--after', '30d', '--force', '--json'];
    await run(...argv);
    const before = await dateOf(domain);
    const { stdout, exitCode } = await run(...argv);
    expect(JSON.parse(stdout)).to.deep.include({ counts: { same: 1 } });
    expect(exitCode).to.equal(0);
    expect(await dateOf(domain)).to.deep.equal(before);
  });

  it('are changed with --replace alone', async () => {
    const domain = await put();
    await run('instances', 'destroy', domain, '--after', '30d', '--force');
    const before = await dateOf(domain);
    const other = ['instances', 'destroy', domain, '--after', '60d', '--force', '--json'];
    const refused = await run(...other);
    expect(refused.exitCode).to.equal(1);
    expect(JSON.parse(refused.stdout).rows[0]).to.include({ verdict: 'other' });
    expect(await dateOf(domain)).to.deep.equal(before);
    const replaced = await run(...other, '--replace');
    expect(replaced.exitCode).to.equal(0);
    expect(await dateOf(domain)).to.include({ said: '60d' });
  });

  it('are seen beforehand, with 10, and not written', async () => {
    const domain = await put();
    const blocked = await put({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    const argv = [
      'instances',
      'block',
      domain,
      blocked,
      'nobody.example.org',
      '--until',
      '2w',
      '--dry-run',
      '--json',
    ];
    const { stdout, exitCode } = await run(...argv);
    expect(exitCode).to.equal(10);
    const { rows } = JSON.parse(stdout);
    expect(rows[0]).to.deep.equal({ row: 1, domain, verdict: 'set', blocks: true });
    expect(rows[1]).to.include({ verdict: 'refused' });
    expect(rows[1].why).to.contain('it is blocked already (PAYMENT_FAILED)');
    expect(rows[2]).to.include({ verdict: 'missing' });
    expect(await hasDate(domain, 'unblock')).to.equal(false);
    expect(await instance(domain)).to.not.have.property('blocked');
  });

  for (const [command, what] of [
    [['destroy', '--after', '30d', '--block', '--force'], 'destroyed'],
    [['block', '--until', '30d'], 'unblocked'],
  ] as const) {
    it(`are told as what would be set where instances are to be ${what} and it is a dry run`, async () => {
      const domain = await put();
      const [name, ...flags] = command;
      const { stdout } = await run('instances', name, domain, ...flags, '--dry-run');
      expect(stdout).to.contain('1 instance; 1 would be set\n');
      expect(stdout)
        .to.contain('would be blocked now')
        .and.not.match(/ set {2,}blocked now/);
      expect(stdout).to.match(/Nothing was changed: this was a dry run\.\n$/);
    });
  }

  it('block at once with --block, and lift that block when they are taken back', async () => {
    const domain = await put();
    const flags = ['--after', '30d', '--block', '--blocking-reason', 'LEFT', '--force', '--json'];
    const { stdout, exitCode } = await run('instances', 'destroy', domain, ...flags);
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout).blocking.counts).to.include({ done: 1 });
    expect(await instance(domain)).to.include({ blocked: true, blocking_reason: 'LEFT' });
    expect(await dateOf(domain))
      .to.have.property('block')
      .that.deep.equals({ ours: true, reason: 'LEFT' });
    const cancelled = await run('dates', 'cancel', domain, '--json');
    expect(cancelled.exitCode).to.equal(0);
    expect(JSON.parse(cancelled.stdout).dates[0]).to.include({ verdict: 'cancelled', lifts: true });
    expect(await hasDate(domain)).to.equal(false);
    await until('it is unblocked', async () => (await instance(domain))?.['blocked'] === undefined);
  }).timeout(60_000);

  it('stay taken back, and their block lifted, when that is done twice', async () => {
    const domain = await put();
    await run('instances', 'destroy', domain, '--after', '30d', '--block', '--force');
    const first = await run('dates', 'cancel', domain);
    expect(first.stdout).to.contain('cancelled; its block will be lifted');
    const filtered = ['dates', 'cancel', '--domain', domain, '--force'];
    const [again, byFilter] = [await run('dates', 'cancel', domain), await run(...filtered)];
    // A worker may have been faster: then there is no date any more.
    for (const { stdout } of [again, byFilter]) expect(stdout).to.not.contain('stays blocked');
    await until('it is unblocked', async () => (await instance(domain))?.['blocked'] === undefined);
  }).timeout(60_000);

  it('that lift a block are told as such by who takes dates back once more', async () => {
    const domain = await put({ blocked: true });
    const found = await instance(domain);
    if (found === undefined) throw new Error('it is not there');
    const stored = { ...found, domain, locale: 'en', password_defined: false } as const;
    const lift = unblockDate(stored, { said: LIFT_SAID, block: { ours: true, reason: 'UNKNOWN' } });
    await createDateStore(platform.server).write([lift]);
    const { stdout, exitCode } = await run('dates', 'cancel', domain);
    expect(stdout).to.match(/1 date; 1 being unblocked already\n/);
    expect(exitCode).to.equal(0);
    expect(await hasDate(domain, 'unblock')).to.equal(true);
    expect((await run('dates', 'cancel', '--batch', lift.batch)).stdout).to.contain('it stays blocked');
    expect(await hasDate(domain, 'unblock')).to.equal(false);
  });

  it('leave a block of somebody else alone when they are taken back', async () => {
    const domain = await put({ blocked: true, blocking_reason: 'PAYMENT_FAILED' });
    await run('instances', 'destroy', domain, '--after', '30d', '--block', '--force');
    expect((await dateOf(domain)).block).to.deep.equal({ ours: false, reason: 'PAYMENT_FAILED' });
    const { stdout } = await run('dates', 'cancel', domain, '--json');
    expect(JSON.parse(stdout).dates[0]).to.include({ verdict: 'cancelled', lifts: false });
    expect(await hasDate(domain, 'unblock')).to.equal(false);
  });

  it('block for a time, and unblock then', async () => {
    const domain = await put();
    const { exitCode } = await run(
      'instances',
      'block',
      domain,
      '--until',
      '3s',
      '--blocking-reason',
      'PAUSE',
    );
    expect(exitCode).to.equal(0);
    expect(await instance(domain)).to.include({ blocked: true, blocking_reason: 'PAUSE' });
    await until('it is unblocked', async () => (await instance(domain))?.['blocked'] === undefined);
    const { stdout } = await run('instances', 'history', domain, '--json');
    const seen = JSON.parse(stdout).entries.map(
      ({ what, state }: Record<string, string>) => `${what} ${state}`,
    );
    expect(seen).to.deep.equal(['modify done', 'modify done', 'date asked']);
  }).timeout(60_000);

  it('are not needed to block', async () => {
    const [one, other] = [await put(), await put()];
    const { exitCode } = await run('instances', 'block', one, other);
    expect(exitCode).to.equal(0);
    expect(await instance(other)).to.include({ blocked: true, blocking_reason: 'UNKNOWN' });
    expect(await hasDate(one, 'unblock')).to.equal(false);
  });

  it('are listed, the soonest first, and shown with their instance', async () => {
    const [later, sooner] = [await put(), await put()];
    await run(
      'instances',
      'destroy',
      later,
      '--after',
      '2030-05-01T12:00+02:00',
      '--time-zone',
      'Europe/Paris',
      '--force',
    );
    await run('instances', 'destroy', sooner, '--after', '2d', '--force', '--reason', 'left');
    const listed = JSON.parse((await run('dates', 'ls', '--json')).stdout);
    expect(listed.map(({ domain }: { domain: string }) => domain)).to.deep.equal([sooner, later]);
    expect(listed[0]).to.include({ act: 'destroy', state: 'set', reason: 'left' });
    expect(listed[1]).to.include({ due: '2030-05-01T12:00:00+02:00', zone: 'Europe/Paris' });
    const soon = JSON.parse((await run('dates', 'ls', '--due-before', '7d', '--json')).stdout);
    expect(soon).to.have.lengthOf(1);
    const shown = JSON.parse((await run('instances', 'show', later, '--json')).stdout);
    expect(shown.dates).to.deep.equal([listed[1]]);
    const { stdout } = await run('instances', 'ls', '--fields', 'domain,dates', '--domain', later);
    expect(stdout.trim()).to.match(/\S+\s+\[destroy 2030-05-01T12:00:00\+02:00\]/);
  });

  it('are listed with what goes with them, such as that they are exported first', async () => {
    const domain = await put({ context: 'school' });
    const found = await instance(domain);
    if (found === undefined) throw new Error('it is not there');
    const destruction = { skipAccounts: true, resume: false, exportTo: '/srv/archives' };
    const stored = { ...found, domain, locale: 'en', password_defined: false } as const;
    const date = destroyDate(stored, { destruction, filter: { context: 'school' } });
    await createDateStore(platform.server).write([date]);
    const how = { exportTo: '/srv/archives', skipAccounts: true, filter: 'context school' };
    const [listed] = JSON.parse((await run('dates', 'ls', '--json')).stdout);
    expect(listed).to.include(how).and.not.have.property('resume');
    expect(JSON.parse((await run('instances', 'show', domain, '--json')).stdout).dates[0]).to.include(how);
    const { stdout } = await run('dates', 'ls', '--columns', 'how');
    expect(stdout).to.contain(
      'exported first to /srv/archives, accounts are not told of, as long as context school',
    );
  });

  it('say before they are set what goes with them', async () => {
    const domain = await put();
    const flags = ['--after', '30d', '--skip-accounts', '--resume', '--dry-run'];
    const { stdout } = await run('instances', 'destroy', domain, ...flags);
    expect(stdout.split('\n')[0]).to.match(
      /^destroy on \S+ \S+ \S+, accounts are not told of, also where it is flagged deleting: 1 instance;/,
    );
  });

  it('are not set, and are taken back, where the clock of this machine is another one than CouchDB’s', async () => {
    const domain = await put();
    const apart = await startApartCouch(platform.couch.url, 400 * 86_400_000);
    try {
      const file = await platform.configure({ couchUrl: apart.url });
      const argv = ['instances', 'destroy', domain, '--after', '30d', '--force', '--json', '--config', file];
      const { stdout, exitCode } = await runCommand(...argv);
      expect(exitCode).to.equal(1);
      expect(JSON.parse(stdout).error).to.include({ code: 'clocks' });
      expect(JSON.parse(stdout).error.message).to.contain('the clock of CouchDB is');
      expect(await hasDate(domain)).to.equal(false);
      await run('instances', 'destroy', domain, '--after', '30d', '--force');
      expect((await runCommand('dates', 'cancel', domain, '--config', file)).exitCode).to.equal(0);
      expect(await hasDate(domain)).to.equal(false);
    } finally {
      await apart.close();
    }
  });

  it('are taken back by the batch that was told, all of one command', async () => {
    const [one, other, third] = [await put(), await put(), await put()];
    const file = await platform.write('leavers.csv', ['domain', one, other]);
    await run('instances', 'destroy', third, '--after', '30d', '--force');
    const { stdout } = await run(
      'instances',
      'destroy',
      '--from',
      file,
      '--after',
      '30d',
      '--force',
      '--json',
    );
    const { batch } = JSON.parse(stdout);
    const planned = await run('dates', 'cancel', '--batch', batch, '--dry-run', '--json');
    expect(planned.exitCode).to.equal(10);
    expect(await hasDate(one)).to.equal(true);
    expect((await run('dates', 'cancel', '--batch', batch)).exitCode).to.equal(0);
    expect([await hasDate(one), await hasDate(other), await hasDate(third)]).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it('that are not there cannot be taken back', async () => {
    const domain = await put();
    const { stderr, exitCode } = await run('dates', 'cancel', domain);
    expect(stderr).to.contain(`${domain} has no date.`);
    expect(exitCode).to.equal(1);
  });

  it('of more instances than the guard lets pass need their number', async () => {
    const lines = ['domain'];
    for (let at = 0; at < 21; at += 1) lines.push(await put({ context: 'school' }));
    const file = await platform.write('school.csv', lines);
    const argv = ['instances', 'destroy', '--from', file, '--after', '30d', '--force'];
    const refused = await run(...argv);
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.contain('21 of');
    expect(await hasDate(lines[1] ?? '')).to.equal(false);
    const said = await run(
      ...argv,
      '--however-many',
      '21',
      '--between',
      '22:00-06:00',
      '--time-zone',
      'Europe/Paris',
    );
    expect(said.exitCode).to.equal(0);
    expect(await dateOf(lines[1] ?? '')).to.deep.include({
      total: 21,
      confirmed: 21,
      steering: { window: { from: '22:00', until: '06:00', zone: 'Europe/Paris' } },
    });
  });

  for (const [argv, code] of [
    [['--after', 'yesterday'], 'bad_date'],
    [['--after', '2020-01-01'], 'bad_date'],
    [['--after', '30d', '--at', '22:00'], 'bad_choice'],
    [['--after', '30d', '--dry-run', '--plan-file', 'plan'], 'bad_choice'],
    [['--replace'], 'bad_choice'],
    [['--after', '30d', '--block', '--blocking-reason', ' '], 'bad_value'],
  ] as const) {
    it(`are refused for ${argv.join(' ')}, with nothing changed`, async () => {
      const domain = await put();
      const { stdout, exitCode } = await run('instances', 'destroy', domain, '--force', ...argv, '--json');
      expect(exitCode).to.equal(2);
      expect(JSON.parse(stdout).error).to.include({ code });
      expect(await hasDate(domain)).to.equal(false);
    });
  }
});
