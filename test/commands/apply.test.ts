import { expect } from 'chai';
import { databaseName, prefixOf } from '../../src/instances/databases/prefix.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../support/cli-platform.ts';
import { putWithSettings } from '../support/planned-platform.ts';

describe('apply', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;

  before(async () => {
    registry = await startAppRegistry();
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  const apply = (...argv: string[]): Promise<Ran> => platform.run('apply', ...argv);

  const instance = async (domain: string) =>
    JSON.parse((await platform.run('instances', 'show', domain)).stdout).attributes;

  it('creates, changes and installs as one batch, and has nothing to do then', async () => {
    await putWithSettings(platform, [{ domain: 'kept.one.org', locale: 'en', onboarding_finished: true }]);
    const made = await platform.write('made.csv', ['domain,locale', 'old.one.org,en', 'both.one.org,en']);
    expect((await platform.run('instances', 'add', '--from', made)).exitCode).to.equal(0);
    const file = await platform.write('one.csv', [
      'domain,locale,apps,email',
      'new.one.org,fr,agenda,new@one.org',
      'old.one.org,fr,,',
      'both.one.org,de,agenda,',
      'kept.one.org,,,',
    ]);
    const look = await apply('--from', file, '--dry-run');
    expect(look.exitCode, look.stderr).to.equal(10);
    expect(look.stdout).to.contain('mixed: 4 rows, 3 with something to do; 1 new; 2 change; 1 same');
    const { stdout, exitCode, stderr } = await apply('--from', file);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/Batch \w+ ended: 3 done\./);
    expect(await instance('new.one.org')).to.include({ locale: 'fr' });
    expect(await instance('both.one.org')).to.include({ locale: 'de' });
    for (const domain of ['new.one.org', 'both.one.org']) {
      const database = databaseName(prefixOf(domain), 'io.cozy.apps');
      expect(await platform.server.getDocument(database, 'io.cozy.apps/agenda'), domain).to.be.an('object');
    }
    const again = await apply('--from', file, '--dry-run');
    expect(again.stdout).to.contain('mixed: 4 rows, 0 with something to do; 4 same');
    expect(again.exitCode).to.equal(0);
    const nothing = await apply('--from', file);
    expect(nothing.stdout).to.contain('There is nothing to do.');
    expect(nothing.exitCode).to.equal(0);
  });

  it('only names who is not on the list', async () => {
    const file = await platform.write('named.csv', ['domain', 'new.one.org']);
    const { stdout, exitCode } = await apply('--from', file, '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(exitCode).to.equal(0);
    expect(counts).to.include({ unlisted: 3, toDo: 0 });
    expect(rows.map(({ domain }: { domain: string }) => domain)).to.include('old.one.org');
  });
});
