import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { StoredDocument } from '../../src/couchdb/documents.ts';
import { databaseName, prefixOf, reservationId } from '../../src/instances/databases/prefix.ts';
import { type AppRegistry, startAppRegistry } from '../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../support/cli-platform.ts';
import { putWithSettings, reservationOf } from '../support/planned-platform.ts';

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

  async function stored(domain: string): Promise<StoredDocument> {
    const found = await platform.server.getDocument('global/instances', reservationId(domain));
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

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

  it('tells of a new name that looks like another', async () => {
    const file = await platform.write('alike.csv', ['domain,locale', 'n\u0435w.one.org,fr']);
    const { stderr, exitCode } = await apply('--from', file, '--dry-run');
    expect(exitCode, stderr).to.equal(10);
    expect(stderr).to.contain('it looks like the name "new.one.org" of an instance that exists');
  });

  it('refuses --scope without --prune', async () => {
    const file = await platform.write('scope.csv', ['domain', 'new.one.org']);
    const { exitCode, stderr } = await apply('--from', file, '--scope', 'context=x', '--dry-run');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('--prune');
  });

  it('makes nobody a member of an organization who has no address and name', async () => {
    const file = await platform.write('member.csv', ['domain,org-id,locale', 'old.one.org,acme,de']);
    const { stdout, exitCode, stderr } = await apply('--from', file, '--dry-run', '--json');
    expect(exitCode).to.equal(0);
    expect(stderr).to.contain('no instance has "acme" as its first label');
    const row = JSON.parse(stdout).rows.find(({ domain }: { domain: string }) => domain === 'old.one.org');
    expect(row).to.include({ verdict: 'refused', code: 'member_incomplete' });
    expect((await apply('--from', file)).exitCode).to.equal(68);
    expect(await instance('old.one.org')).to.include({ locale: 'fr' });
  });

  it('tells of an organization on the first of its lines, whichever row is known first', async () => {
    const file = await platform.write('members.csv', [
      'domain,org-id,email,public-name',
      // Its settings have to be read, and nothing of the other.
      'old.one.org,later,old@one.org,Old',
      'fresh.one.org,later,fresh@one.org,Fresh',
    ]);
    const { stderr, exitCode } = await apply('--from', file, '--dry-run');
    expect(exitCode, stderr).to.equal(10);
    expect(stderr).to.contain(`${file}:2: org-id: warning: no instance has "later" as its first label`);
  });

  it('keeps the org_id where files are in a bucket that it may name', async () => {
    await putWithSettings(platform, [
      { domain: 'bucket.one.org', fs_scheme: 's3', settings: { email: 'a@b.org', public_name: 'A' } },
    ]);
    const file = await platform.write('bucket.csv', ['domain,org-id', 'bucket.one.org,acme']);
    const { stdout } = await apply('--from', file, '--dry-run', '--json');
    const row = JSON.parse(stdout).rows.find(({ domain }: { domain: string }) => domain === 'bucket.one.org');
    expect(row).to.include({ verdict: 'refused', code: 'other_storage' });
    const { _id: id, _rev: rev } = await stored('bucket.one.org');
    await platform.server.deleteDocument('global/instances', id, rev);
  });

  it('takes away what is cleared, and nothing else', async () => {
    const full = await platform.write('full.csv', [
      'domain,locale,domain-aliases,sponsorships,feature-sets,disk-quota,blocked,magic_link,onboarding-finished',
      'clear.one.org,fr,alias.one.org,x,s1,5000000000,true,true,true',
    ]);
    const made = await platform.run('instances', 'add', '--from', full);
    expect(made.exitCode, made.stderr).to.equal(0);
    const cleared = await platform.write('cleared.csv', [
      'domain,locale,domain-aliases,sponsorships,feature-sets,disk-quota,blocked,magic_link,onboarding-finished',
      'clear.one.org,,",",",",",",unlimited,false,false,false',
    ]);
    const { exitCode, stdout, stderr } = await apply('--from', cleared);
    expect(exitCode, stdout + stderr).to.equal(0);
    const now = await stored('clear.one.org');
    expect(now).to.include({ locale: 'fr' });
    const lists = ['domain_aliases', 'sponsorships', 'feature_sets'].map((field) => now[field] ?? []);
    expect(lists).to.deep.equal([[], [], []]);
    const flags = ['blocked', 'magic_link', 'onboarding_finished'].map((field) => now[field] ?? false);
    expect(flags).to.deep.equal([false, false, false]);
    expect(now).not.to.have.property('disk_quota');
    const again = await apply('--from', cleared, '--dry-run');
    expect(again.exitCode, again.stdout).to.equal(0);
    await platform.server.deleteDocument('global/instances', now._id, now._rev);
  });

  it('changes an organization in its own instance first', async () => {
    await putWithSettings(platform, [
      { domain: 'a.own.org', settings: { email: 'a@b.org', public_name: 'A' } },
      { domain: 'firm.own.org', settings: { email: 'f@b.org', public_name: 'F' } },
    ]);
    const file = await platform.write('own.csv', [
      'domain,locale,org-id,email,public-name',
      'new.own.org,fr,firm,n@b.org,N',
      'a.own.org,fr,firm,,',
      'firm.own.org,fr,firm,,',
    ]);
    const { exitCode, stderr } = await apply('--from', file, '--dry-run', '--plan-file', `${file}.plan`);
    expect(exitCode, stderr).to.equal(10);
    expect(stderr).not.to.contain('first label');
    const lines = (await readFile(`${file}.plan`, 'utf8')).trimEnd().split('\n').slice(1, -1);
    expect(lines.map((line) => JSON.parse(line).domain)).to.deep.equal([
      'firm.own.org',
      'new.own.org',
      'a.own.org',
    ]);
    for (const domain of ['a.own.org', 'firm.own.org']) {
      const { _id: id, _rev: rev } = await stored(domain);
      await platform.server.deleteDocument('global/instances', id, rev);
    }
  });

  it('says that somebody has to look where an unfinished creation is another one', async () => {
    await putWithSettings(platform, [reservationOf('held.one.org', { locale: 'de' })]);
    const file = await platform.write('reserved.csv', ['domain,locale', 'held.one.org,fr']);
    const { exitCode, stdout, stderr } = await apply('--from', file);
    expect(stdout, stderr).to.contain('There is nothing to do.');
    expect(exitCode).to.equal(68);
    const { _id: id, _rev: rev } = await stored('held.one.org');
    await platform.server.deleteDocument('global/instances', id, rev);
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
