import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { type AppRegistry, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';

describe('instances uninstall-apps', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'uninstall-apps', ...argv);

  before(async () => {
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
    const rows = [
      'domain,apps',
      'a.example.org,"agenda,waterbill"',
      'b.example.org,agenda',
      'c.example.org,',
    ];
    const file = await platform.write('made.csv', rows);
    expect((await platform.run('instances', 'add', '--from', file)).exitCode).to.equal(0);
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  async function hasAgenda(domain: string): Promise<boolean> {
    const database = databaseName(prefixOf(domain), 'io.cozy.apps');
    return (await platform.server.getDocument(database, 'io.cozy.apps/agenda')) !== undefined;
  }

  it('tells beforehand what would go, and takes nothing', async () => {
    const { stdout, exitCode } = await run('agenda', '--all', '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(counts).to.include({ change: 2, same: 1, toDo: 2 });
    const row = rows.find(({ domain }: { domain: string }) => domain === 'a.example.org');
    expect(row.fields).to.deep.equal([{ field: 'agenda.version', old: '2.3.1', new: null }]);
    expect(exitCode).to.equal(10);
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('asks before it takes anything, also from those of a file', async () => {
    const file = await platform.write('some.csv', ['domain', 'b.example.org']);
    for (const which of [['--all'], ['--from', file]]) {
      const argv = ['instances', 'uninstall-apps', 'agenda', ...which];
      const { stderr, exitCode } = await platform.spawn(argv).ended;
      expect(stderr).to.contain('--force');
      expect(exitCode).to.equal(1);
    }
    expect(await hasAgenda('b.example.org')).to.equal(true);
  });

  it('takes it from those of a file', async () => {
    const file = await platform.write('b.csv', ['domain', 'b.example.org']);
    const { stdout, exitCode } = await run('agenda', '--from', file, '--force');
    expect(stdout).to.contain('ended: 1 uninstalled.');
    expect(exitCode).to.equal(0);
    expect(await hasAgenda('b.example.org')).to.equal(false);
    expect(await hasAgenda('a.example.org')).to.equal(true);
  });

  it('says what it leaves alone, and takes the others', async () => {
    const { stdout, exitCode } = await run('agenda', 'waterbill', '--domain', '?.example.org', '--force');
    expect(stdout).to.contain('2 skipped (not installed), 1 failed.');
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
