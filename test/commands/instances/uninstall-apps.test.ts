import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

describe('instances uninstall-apps', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'uninstall-apps', ...argv);

  before(async () => {
    directory = await temporaryDirectory('uninstallations');
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
    const rows = [
      'domain,apps',
      'a.example.org,"agenda,waterbill"',
      'b.example.org,agenda',
      'c.example.org,',
      'd.example.org,agenda',
    ];
    const file = await platform.write('made.csv', rows);
    expect((await platform.run('instances', 'add', '--from', file)).exitCode).to.equal(0);
    await giveAccount('a.example.org');
  });

  /** An account of waterbill, which would have to be deleted at its provider: no stack is configured here. */
  async function giveAccount(domain: string): Promise<void> {
    const database = (doctype: string) => databaseName(prefixOf(domain), doctype);
    const { server } = platform;
    const konnectors = database('io.cozy.konnectors');
    const found = await server.getDocument(konnectors, 'io.cozy.konnectors/waterbill');
    if (found === undefined) throw new Error('there is no waterbill');
    await server.putDocument(konnectors, { ...found, on_delete_account: 'onDeleteAccount.js' });
    await server.createDatabase(database('io.cozy.accounts'));
    await server.putDocument(database('io.cozy.accounts'), { _id: 'account', account_type: 'waterbill' });
    await server.putDocument(database('io.cozy.triggers'), {
      _id: 'weekly',
      type: '@cron',
      worker: 'konnector',
      message: { konnector: 'waterbill', account: 'account' },
    });
  }

  after(async () => {
    await platform.close();
    await registry.close();
    await directory.remove();
  });

  async function hasAgenda(domain: string): Promise<boolean> {
    const database = databaseName(prefixOf(domain), 'io.cozy.apps');
    return (await platform.server.getDocument(database, 'io.cozy.apps/agenda')) !== undefined;
  }

  it('tells beforehand what would go, and takes nothing', async () => {
    const { stdout, exitCode } = await run('agenda', '--all', '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(counts).to.include({ change: 3, same: 1, toDo: 3 });
    const row = rows.find(({ domain }: { domain: string }) => domain === 'a.example.org');
    expect(row.fields).to.deep.equal([{ field: 'agenda.version', old: '2.3.1', new: null }]);
    expect(exitCode).to.equal(10);
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('refuses beforehand where only a konnector would go that needs a stack', async () => {
    const { stdout } = await run('waterbill', '--domain', 'a.example.org', '--dry-run', '--json');
    expect(JSON.parse(stdout).rows[0]).to.include({ verdict: 'refused', code: 'app_konnector' });
  });

  it('tells beforehand what goes beside a konnector, which stays', async () => {
    const flags = ['--domain', 'a.example.org', '--dry-run', '--json'];
    const { stdout } = await run('agenda', 'waterbill', ...flags);
    const [row] = JSON.parse(stdout).rows;
    expect(row.verdict).to.equal('change');
    expect(row.fields[0]).to.deep.equal({ field: 'agenda.version', old: '2.3.1', new: null });
    expect(row.fields[1].field).to.equal('waterbill.version');
    expect(row.fields[1].new).to.equal(row.fields[1].old);
  });

  it('plans to remove code also where the application is not installed', async () => {
    const flags = ['--domain', 'c.example.org', '--purge-code', '--dry-run', '--json'];
    const { stdout } = await run('agenda', ...flags);
    expect(JSON.parse(stdout).rows[0]).to.deep.include({
      verdict: 'change',
      fields: [{ field: 'agenda.code', old: 'kept', new: null }],
    });
  });

  it('asks before it takes anything, also from those of a file', async () => {
    const file = await platform.write('some.csv', ['domain', 'b.example.org']);
    for (const which of [['--all'], ['--from', file]]) {
      const argv = ['instances', 'uninstall-apps', 'agenda', ...which];
      const { stderr, exitCode } = await platform.spawn(argv).ended;
      expect(stderr).to.contain('--force');
      expect(exitCode).to.equal(2);
    }
    expect(await hasAgenda('b.example.org')).to.equal(true);
  });

  it('asks before it runs a plan, too, for the number of instances that have it', async () => {
    const plan = join(directory.path, 'all.plan');
    expect((await run('agenda', '--all', '--dry-run', '--plan-file', plan)).exitCode).to.equal(10);
    for (const flags of [[], ['--however-many', '2']]) {
      const { stdout, stderr, exitCode } = await platform.spawn(['batches', 'submit', plan, ...flags]).ended;
      expect(stdout).to.contain('uninstall applications from 3 instances');
      expect(stdout).to.contain('agenda: 3 instances');
      expect(stderr).to.contain('--force');
      expect(exitCode).to.equal(2);
    }
    expect(await hasAgenda('a.example.org')).to.equal(true);
    expect(await hasAgenda('b.example.org')).to.equal(true);
  });

  it('runs a plan without a question where none is wanted', async () => {
    const file = await platform.write('planned.csv', ['domain', 'd.example.org']);
    const plan = join(directory.path, 'd.plan');
    expect((await run('agenda', '--from', file, '--dry-run', '--plan-file', plan)).exitCode).to.equal(10);
    expect((await platform.run('batches', 'submit', plan, '--force')).exitCode).to.equal(0);
    expect(await hasAgenda('d.example.org')).to.equal(false);
  });

  it('refuses slugs with a file that names applications for another purpose, and takes nothing', async () => {
    const rows = ['domain,apps', 'c.example.org,', 'a.example.org,"agenda,waterbill"'];
    const file = await platform.write('creations.csv', rows);
    for (const more of [[], ['--skip-invalid'], ['--dry-run']]) {
      const { stderr, exitCode } = await run('notes', '--from', file, '--purge-code', '--force', ...more);
      expect(stderr).to.match(/creations\.csv:3:apps: .*"agenda, waterbill"/);
      expect(stderr).to.contain('Take the column apps out of the file');
      expect(exitCode).to.equal(2);
    }
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('refuses a file beside a filter', async () => {
    const file = await platform.write('filtered.csv', ['domain', 'b.example.org']);
    for (const more of [['--all'], ['--context', 'other']]) {
      expect((await run('agenda', '--from', file, '--force', ...more)).exitCode).to.equal(2);
    }
    expect(await hasAgenda('b.example.org')).to.equal(true);
  });

  it('asks with each application and the number of instances that are meant by it', async () => {
    const rows = ['domain,apps', 'a.example.org,"agenda,notes"', 'b.example.org,agenda'];
    const file = await platform.write('both.csv', rows);
    const ofRows = await platform.spawn(['instances', 'uninstall-apps', '--from', file]).ended;
    expect(ofRows.stdout).to.contain('agenda: 2 instances').and.to.contain('notes: 1 instance\n');
    const ofAll = await platform.spawn(['instances', 'uninstall-apps', 'notes', '--all', '--json']).ended;
    expect(ofAll.stderr).to.contain('notes: 4 instances');
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('tells beforehand how many instances would lose each application', async () => {
    const file = await platform.write('each.csv', ['domain,apps', 'a.example.org,"agenda,notes"']);
    const { stdout } = await run('--from', file, '--dry-run', '--json');
    expect(JSON.parse(stdout).apps).to.deep.equal([{ slug: 'agenda', instances: 1 }]);
    expect((await run('--from', file, '--dry-run')).stdout).to.contain('agenda: 1 instance\n');
  });

  it('takes from each instance of a file what its row says', async () => {
    const rows = ['domain,apps', 'b.example.org,agenda', 'a.example.org,notes'];
    const file = await platform.write('b.csv', rows);
    const { stdout, exitCode } = await run('--from', file, '--force');
    expect(stdout).to.contain('ended: 1 uninstalled, 1 skipped (not installed).');
    expect(exitCode).to.equal(0);
    expect(await hasAgenda('b.example.org')).to.equal(false);
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('says what it leaves alone, and takes the others', async () => {
    const { stdout, exitCode } = await run('agenda', 'waterbill', '--domain', '?.example.org', '--force');
    expect(stdout).to.contain('3 skipped (not installed), 1 failed.');
    expect(exitCode).to.equal(68);
    expect(await hasAgenda('a.example.org')).to.equal(false);
    const { stdout: shown } = await platform.run('jobs', 'show', 'a.example.org');
    expect(shown)
      .to.match(/agenda\s+uninstalled/)
      .and.match(/waterbill\s+failed\s+1\s+app_konnector/);
  });

  it('refuses a source in the place of a slug, and no application at all', async () => {
    for (const argv of [['registry://agenda'], []]) {
      expect((await run(...argv, '--all', '--force')).exitCode).to.equal(2);
    }
  });
});
