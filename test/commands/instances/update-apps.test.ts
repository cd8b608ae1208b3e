import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { json, status } from '../../apps/registry-server.ts';
import { type AppRegistry, registryAnswer, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';

describe('instances update-apps', () => {
  let registry: AppRegistry;
  let platform: CliPlatform;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'update-apps', ...argv);

  before(async () => {
    registry = await startAppRegistry();
    const wider = registryAnswer('agenda', registry.url);
    const permissions = { all: { type: 'io.cozy.files' } };
    const manifest = { ...Object(wider['manifest']), permissions, version: '3.0.0' };
    registry.routes.set('/registry/agenda/next/latest', json({ ...wider, version: '3.0.0', manifest }));
    platform = await startPlatform({ registries: [registry.url] });
    await platform.startWorker();
    const rows = [
      'domain,locale,apps',
      'a.example.org,fr,agenda',
      'b.example.org,fr,agenda',
      'c.example.org,fr,',
    ];
    const file = await platform.write('made.csv', rows);
    expect((await platform.run('instances', 'add', '--from', file)).exitCode).to.equal(0);
  });

  after(async () => {
    await platform.close();
    await registry.close();
  });

  async function agendaOf(domain: string) {
    const database = databaseName(prefixOf(domain), 'io.cozy.apps');
    return await platform.server.getDocument(database, 'io.cozy.apps/agenda');
  }

  /** As if it had been installed long ago. */
  async function makeOld(domain: string, version = '2.0.0'): Promise<void> {
    const found = await agendaOf(domain);
    if (found === undefined) throw new Error(`${domain} has no agenda`);
    const database = databaseName(prefixOf(domain), 'io.cozy.apps');
    await platform.server.putDocument(database, { ...found, version });
  }

  it('updates those of a filter, and passes over who has it not', async () => {
    await makeOld('a.example.org');
    const { stdout, exitCode } = await run('agenda', '--locale', 'fr', '--force');
    expect(stdout).to.contain('ended: 1 updated, 2 skipped (no other version).');
    expect(exitCode).to.equal(0);
    expect(await agendaOf('a.example.org')).to.include({ version: '2.3.1' });
  });

  it('refuses slugs with a file that names applications for another purpose, and changes nothing', async () => {
    await makeOld('a.example.org');
    const file = await platform.write('creations.csv', ['domain,apps', 'a.example.org,agenda']);
    const { stderr, exitCode } = await run('notes', '--from', file);
    expect(stderr).to.match(/creations\.csv:2:apps: .*"agenda"/);
    expect(exitCode).to.equal(2);
    expect(await agendaOf('a.example.org')).to.include({ version: '2.0.0' });
  });

  it('updates on each instance of a file what its row says', async () => {
    await makeOld('a.example.org');
    await makeOld('b.example.org');
    const file = await platform.write('each.csv', [
      'domain,apps',
      'a.example.org,"notes,waterbill"',
      'b.example.org,agenda',
    ]);
    const { stdout, exitCode, stderr } = await run('--from', file);
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('ended: 1 updated, 1 skipped (no other version).');
    expect(await agendaOf('a.example.org')).to.include({ version: '2.0.0' });
    expect(await agendaOf('b.example.org')).to.include({ version: '2.3.1' });
  });

  it('refuses rows whose applications are none, with their lines, and changes nothing', async () => {
    const rows = ['domain,apps', 'a.example.org,registry://agenda', 'b.example.org,'];
    const file = await platform.write('odd.csv', rows);
    const { stderr, exitCode } = await run('--from', file);
    expect(exitCode).to.equal(2);
    expect(stderr)
      .to.match(/odd\.csv:2.*apps.*is no slug/)
      .and.match(/odd\.csv:3.*apps/);
    expect(await agendaOf('a.example.org')).to.include({ version: '2.0.0' });
  });

  it('refuses a row that has more applications than a source is for', async () => {
    const file = await platform.write('two.csv', ['domain,apps', 'a.example.org,"agenda,notes"']);
    const { exitCode, stderr } = await run('--from', file, '--source', 'registry://agenda/beta');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('--source is that of one application');
  });

  it('says of each application what became of it', async () => {
    await makeOld('a.example.org');
    await run('agenda', 'notes', '--domain', 'a.example.org', '--force');
    const { stdout } = await platform.run('jobs', 'show', 'a.example.org');
    expect(stdout).to.match(/agenda\s+updated\s+2\.3\.1\s+1/);
    expect(stdout).to.match(/notes\s+absent\s+1/);
  });

  it('keeps what is newer than stable has, and says so beforehand and of each application', async () => {
    await makeOld('a.example.org', '2.4.0');
    const why = "2.4.0 is newer than the registry's 2.3.1";
    const flags = ['--domain', 'a.example.org'];
    const { stdout, exitCode } = await run('agenda', ...flags, '--dry-run');
    expect(stdout)
      .to.match(/a\.example\.org\s+same\s+agenda stays: /)
      .and.contain(why);
    expect(exitCode).to.equal(0);
    await run('agenda', ...flags, '--force');
    const { stdout: shown } = await platform.run('jobs', 'show', 'a.example.org');
    expect(shown)
      .to.match(/agenda\s+current\s+2\.4\.0\s+1\s+/)
      .and.contain(why);
    await run('agenda', ...flags, '--channel', 'stable', '--force');
    expect(await agendaOf('a.example.org')).to.include({ version: '2.3.1' });
  });

  it('holds back what asks for more, where it is to be safe', async () => {
    const file = await platform.write('safe.csv', ['domain', 'b.example.org']);
    const { stdout, exitCode } = await run('agenda', '--from', file, '--channel', 'next', '--safe');
    expect(stdout).to.contain('ended: 0 updated, 1 skipped (no other version).');
    expect(exitCode).to.equal(0);
    expect(await agendaOf('b.example.org')).to.include({ version: '2.3.1', available_version: '3.0.0' });
    const { stdout: listed } = await platform.run('apps', 'ls', '--domains', '--domain', 'b.*', '--json');
    expect(JSON.parse(listed)).to.include({ version: '2.3.1', availableVersion: '3.0.0' });
  });

  it('tells beforehand what would become of it, and writes nothing', async () => {
    await makeOld('a.example.org');
    const flags = ['--domain', 'a.example.org', '--dry-run', '--json'];
    const { stdout, exitCode } = await run('agenda', ...flags);
    expect(JSON.parse(stdout).rows[0]).to.deep.include({
      verdict: 'change',
      fields: [{ field: 'agenda.version', old: '2.0.0', new: '2.3.1' }],
    });
    expect(exitCode).to.equal(10);
    const held = await run('agenda', '--channel', 'next', '--safe', ...flags);
    expect(JSON.parse(held.stdout).rows[0].fields).to.deep.include({
      field: 'agenda.available_version',
      old: null,
      new: '3.0.0',
    });
    expect(await agendaOf('a.example.org')).to.include({ version: '2.0.0' });
  });

  it('tells beforehand of a source that changes while the version stays', async () => {
    await run('agenda', '--domain', 'a.example.org', '--channel', 'stable', '--force');
    registry.routes.set('/registry/agenda/2.3.1', json(registryAnswer('agenda', registry.url)));
    const pinned = 'registry://agenda/stable/2.3.1';
    const flags = ['--domain', 'a.example.org', '--version', '2.3.1'];
    const { stdout, exitCode } = await run('agenda', ...flags, '--dry-run', '--json');
    expect(JSON.parse(stdout).rows[0]).to.deep.include({
      verdict: 'change',
      fields: [
        { field: 'agenda.version', old: '2.3.1', new: '2.3.1' },
        { field: 'agenda.source', old: 'registry://agenda/stable', new: pinned },
      ],
    });
    expect(exitCode).to.equal(10);
    await run('agenda', ...flags, '--force');
    expect(await agendaOf('a.example.org')).to.include({ version: '2.3.1', source: pinned });
    const again = await run('agenda', ...flags, '--dry-run', '--json');
    expect(JSON.parse(again.stdout).rows[0].verdict).to.equal('same');
  });

  it('refuses beforehand what no registry has', async () => {
    const flags = ['--domain', 'a.example.org', '--dry-run', '--json'];
    const { stdout, exitCode } = await run('agenda', '--channel', 'stabel', ...flags);
    expect(JSON.parse(stdout).rows[0]).to.deep.include({ verdict: 'refused', code: 'app_not_found' });
    expect(exitCode).to.equal(0);
  });

  it('says beforehand that a registry does not answer', async () => {
    registry.routes.set('/registry/agenda/broken/latest', status(503));
    const flags = ['--domain', 'a.example.org', '--dry-run', '--json'];
    const { stdout } = await run('agenda', '--channel', 'broken', ...flags);
    const [row] = JSON.parse(stdout).rows;
    expect(row.verdict).to.equal('change');
    expect(row.unknown[0]).to.include({ what: 'registry', name: 'agenda' });
  });

  it('does nothing by a plan that a registry has outrun', async () => {
    const answer = (version: string) => {
      const given = registryAnswer('agenda', registry.url);
      return json({ ...given, version, manifest: { ...Object(given['manifest']), version } });
    };
    const file = await platform.write('outrun.csv', ['domain', 'a.example.org']);
    const plan = `${file}.plan`;
    registry.routes.set('/registry/agenda/edge/latest', answer('4.0.0'));
    const flags = ['--from', file, '--channel', 'edge', '--dry-run', '--plan-file', plan];
    expect((await run('agenda', ...flags)).exitCode).to.equal(10);
    registry.routes.set('/registry/agenda/edge/latest', answer('5.0.0'));
    const before = await agendaOf('a.example.org');
    const { stdout, exitCode } = await platform.run('batches', 'submit', plan, '--json');
    expect(exitCode).to.equal(1);
    const { stdout: failed } = await platform.run('batches', 'show', JSON.parse(stdout).batch, '--failed');
    expect(failed).to.match(/changed_since: .*: agenda\.version/);
    expect(await agendaOf('a.example.org')).to.deep.equal(before);
  });

  it('shows no credentials of the source that was', async () => {
    const found = await agendaOf('a.example.org');
    if (found === undefined) throw new Error('there is no agenda');
    const database = databaseName(prefixOf('a.example.org'), 'io.cozy.apps');
    const source = 'https://ann:t0ken@host.example/agenda.tar';
    await platform.server.putDocument(database, { ...found, source });
    const flags = ['--domain', 'a.example.org', '--channel', 'stable'];
    const { stdout } = await run('agenda', ...flags, '--dry-run');
    expect(stdout).to.contain('https://[masked]@host.example/agenda.tar').and.not.contain('t0ken');
    await run('agenda', ...flags, '--force');
  });

  it('fails for what cannot be had, and names it', async () => {
    const { stdout, exitCode } = await run(
      'agenda',
      '--domain',
      'a.example.org',
      '--version',
      '9.9.9',
      '--force',
    );
    expect(exitCode).to.equal(1);
    const { stdout: shown } = await platform.run('jobs', 'show', 'a.example.org');
    expect(stdout + shown).to.contain('no registry has agenda 9.9.9');
  });

  it('asks before it updates many', async () => {
    const argv = ['instances', 'update-apps', 'agenda', '--all'];
    const { stderr, exitCode } = await platform.spawn(argv).ended;
    expect(stderr).to.contain('--force');
    expect(exitCode).to.equal(2);
  });

  for (const [what, argv, message] of [
    ['no application', [], 'name the applications'],
    ['a source in the place of a slug', ['registry://agenda/beta'], 'is no slug'],
    ['what is no version', ['agenda', '--version', '../1'], 'is no version'],
    ['what is no channel', ['agenda', '--channel', 'Stable'], 'is no channel'],
    ['one source for two', ['agenda', 'notes', '--source', 'file:///srv/agenda'], '--source'],
    ['the source of another', ['agenda', '--source', 'registry://notes/stable'], 'not of agenda'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { stderr, exitCode } = await run(...argv, '--all', '--force');
      expect(stderr).to.contain(message);
      expect(exitCode).to.equal(2);
    });
  }

  it('refuses to be about no instance in particular', async () => {
    expect((await run('agenda', '--force')).exitCode).to.equal(2);
  });
});
