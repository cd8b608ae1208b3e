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
    const { stdout: links } = await platform.run('batches', 'export', '--use-most-recent');
    expect(links).to.match(/new\.one\.org,created,\w+,https:\/\/new\.one\.org/);
    expect(links).to.match(/old\.one\.org,modified,,/);
    const again = await apply('--from', file, '--dry-run');
    expect(again.stdout).to.contain('mixed: 4 rows, 0 with something to do; 4 same');
    expect(again.exitCode).to.equal(0);
    const nothing = await apply('--from', file);
    expect(nothing.stdout).to.contain('There is nothing to do.');
    expect(nothing.exitCode).to.equal(0);
  });

  it('reads what ldapsearch writes', async () => {
    const file = await platform.write('people.ldif', [
      '# extended LDIF',
      '',
      'dn: uid=old,dc=one,dc=org',
      'uid: old',
      'mail: old@one.org',
      '',
      'dn: uid=fresh,dc=one,dc=org',
      'uid: fresh',
      'mail:: ZnJlc2hAb25lLm9yZw==',
      '',
    ]);
    const flags = ['--from', file, '--domain', '{uid}.one.org', '--new', 'locale=fr', '--dry-run', '--json'];
    const { stdout, exitCode, stderr } = await apply(...flags);
    expect(exitCode, stdout + stderr).to.equal(10);
    const found = new Map(JSON.parse(stdout).rows.map((row: { domain: string }) => [row.domain, row]));
    expect(found.get('old.one.org')).to.deep.include({
      verdict: 'change',
      fields: [{ field: 'settings.email', old: null, new: 'old@one.org' }],
    });
    expect(found.get('fresh.one.org')).to.have.property('verdict', 'new');
    const without = await apply('--from', file, '--dry-run');
    expect(without.exitCode).to.equal(2);
    expect(without.stderr).to.contain('--domain');
  });

  it('refuses --scope without --prune', async () => {
    const file = await platform.write('scope.csv', ['domain', 'new.one.org']);
    const { exitCode, stderr } = await apply('--from', file, '--scope', 'context=x', '--dry-run');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('--prune');
  });

  it('refuses to change what can never change', async () => {
    const file = await platform.write('fixed.csv', ['domain,org-id,locale', 'old.one.org,acme,de']);
    const { stdout, exitCode } = await apply('--from', file, '--dry-run', '--json');
    expect(exitCode).to.equal(0);
    const row = JSON.parse(stdout).rows.find(({ domain }: { domain: string }) => domain === 'old.one.org');
    expect(row).to.include({ verdict: 'refused', code: 'fixed_field' });
    expect((await apply('--from', file)).exitCode).to.equal(68);
    expect(await instance('old.one.org')).to.include({ locale: 'fr' });
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
