import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { json } from '../../apps/registry-server.ts';
import { type AppRegistry, latest, registryAnswer, startAppRegistry } from '../../support/app-registry.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';

describe('applications from the command line', () => {
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

  const run = (...argv: string[]): Promise<Ran> => platform.run(...argv);

  async function appsOf(domain: string): Promise<string[]> {
    const doctypes = ['io.cozy.apps', 'io.cozy.konnectors'];
    const rows = await Promise.all(
      doctypes.map((doctype) => platform.server.allDocuments(databaseName(prefixOf(domain), doctype), {})),
    );
    return rows.flat().flatMap(({ id }) => (id.startsWith('_design/') ? [] : [id]));
  }

  function batchIn(output: string): string {
    return /Batch (\w{5})/.exec(output)?.[1] ?? '';
  }

  describe('instances add', () => {
    it('--apps installs them', async () => {
      const { stdout, exitCode } = await run(
        'instances',
        'add',
        'a.example.org',
        '--apps',
        'agenda,waterbill',
      );
      expect(stdout).to.contain('Registration token').and.not.contain('/!\\');
      expect(exitCode).to.equal(0);
      expect(await appsOf('a.example.org')).to.have.members([
        'io.cozy.apps/agenda',
        'io.cozy.konnectors/waterbill',
      ]);
    });

    it('says in the stack’s words what could not be installed, and still how to register', async () => {
      const { stdout, stderr, exitCode } = await run(
        'instances',
        'add',
        'b.example.org',
        '--apps',
        'agenda,lost',
      );
      expect(stdout).to.contain('Instance created with success for domain b.example.org');
      expect(stdout).to.match(/Registration token: "[0-9a-f]{32}"/);
      expect(stdout).to.contain('/!\\ Application lost has not been installed\n');
      expect(stdout).not.to.contain('Application agenda');
      expect(stderr).to.contain('no registry has lost in channel stable');
      expect(exitCode).to.equal(68);
    });

    it('--json names what is missing', async () => {
      const { stdout, exitCode } = await run('instances', 'add', 'c.example.org', '--apps', 'lost', '--json');
      expect(JSON.parse(stdout)).to.deep.include({ outcome: 'created', missingApps: ['lost'] });
      expect(exitCode).to.equal(68);
    });
  });

  describe('instances add --from', () => {
    let batch: string;

    before(async () => {
      const rows = ['domain,apps', 'd.example.org,agenda', 'e.example.org,"agenda,later"', 'f.example.org,'];
      const file = await platform.write('apps.csv', rows);
      const { stdout, exitCode } = await run('instances', 'add', '--from', file);
      expect(exitCode).to.equal(68);
      batch = batchIn(stdout);
      expect(stdout).to.contain(
        `Batch ${batch} ended: 2 created, 1 created without all applications or files.`,
      );
    });

    it('takes applications from a column', async () => {
      expect(await appsOf('d.example.org')).to.deep.equal(['io.cozy.apps/agenda']);
      expect(await appsOf('f.example.org')).to.deep.equal([]);
    });

    it('lists what is incomplete, with the application and why', async () => {
      const { stdout } = await run('batches', 'show', batch, '--failed');
      expect(stdout).to.match(/incomplete +1\n/);
      expect(stdout).to.match(
        /e\.example\.org\s+apps\s.*application later has not been installed: no registry/,
      );
    });

    it('exports the link of an incomplete one, and what is missing', async () => {
      const { stdout } = await run('batches', 'export', batch);
      expect(stdout).to.match(
        /^e\.example\.org,created,[0-9a-f]{32},https:\/\/e\.example\.org\/\?registerToken=[0-9a-f]{32},apps,"?apps: application later/m,
      );
    });

    it('shows the applications of a job', async () => {
      const { stdout } = await run('jobs', 'show', 'e.example.org');
      expect(stdout).to.match(/agenda\s+installed\s+2\.3\.1\s+1/);
      expect(stdout).to.match(/later\s+failed\s+1\s+app_not_found: no registry/);
    });

    it('is completed by batches retry', async () => {
      registry.routes.set(latest('later'), json(registryAnswer('agenda', registry.url, 'later')));
      expect((await run('batches', 'retry', batch)).exitCode).to.equal(0);
      const { stdout, exitCode } = await run('batches', 'watch', batch);
      expect(stdout).to.contain('ended: 3 created.');
      expect(exitCode).to.equal(0);
      expect(await appsOf('e.example.org')).to.deep.equal(['io.cozy.apps/agenda', 'io.cozy.apps/later']);
    });

    it('refuses a row with what is no application, and queues nothing', async () => {
      const file = await platform.write('bad.csv', ['domain,apps', 'g.example.org,Agenda']);
      const { stderr, exitCode } = await run('instances', 'add', '--from', file);
      expect(stderr).to.contain('bad.csv:2').and.contain('"Agenda" is no slug');
      expect(exitCode).to.equal(2);
    });
  });

  describe('instances install-apps', () => {
    before(async () => {
      const file = await platform.write('without.csv', ['domain', 'h.example.org', 'i.example.org']);
      await run('instances', 'add', '--from', file, '--locale', 'nl');
    });

    it('installs on one', async () => {
      const { stdout, exitCode } = await run(
        'instances',
        'install-apps',
        'h.example.org',
        '--apps',
        'agenda',
      );
      expect(stdout).to.equal('The applications have been installed on h.example.org\n');
      expect(exitCode).to.equal(0);
      expect(await appsOf('h.example.org')).to.deep.equal(['io.cozy.apps/agenda']);
    });

    it('says that they were installed already', async () => {
      const { stdout } = await run('instances', 'install-apps', 'h.example.org', '--apps', 'agenda');
      expect(stdout).to.equal('The applications of h.example.org were installed already\n');
    });

    it('installs on those of a filter', async () => {
      const argv = ['--locale', 'nl', '--apps', 'agenda', '--force'];
      const { stdout, exitCode } = await run('instances', 'install-apps', ...argv);
      expect(stdout).to.contain('ended: 1 installed, 1 skipped (installed already).');
      expect(exitCode).to.equal(0);
    });

    it('installs on those of a file, each what its row says', async () => {
      const given = ['h.example.org,waterbill', 'i.example.org,agenda', 'nobody.example.org,agenda'];
      const file = await platform.write('install.csv', ['domain,apps', ...given]);
      const { stdout, exitCode } = await run('instances', 'install-apps', '--from', file);
      expect(stdout).to.contain('ended: 1 installed, 1 skipped (installed already), 1 failed.');
      expect(exitCode).to.equal(68);
      expect(await appsOf('h.example.org')).to.include('io.cozy.konnectors/waterbill');
    });

    it('installs the same on those of a file that names no applications', async () => {
      const file = await platform.write('same.csv', ['domain,apps', 'h.example.org,', 'i.example.org,']);
      const { stdout, exitCode } = await run('instances', 'install-apps', '--from', file, '--apps', 'agenda');
      expect(stdout).to.contain('ended: 0 installed, 2 skipped (installed already).');
      expect(exitCode).to.equal(0);
    });

    it('refuses a file that names applications where the command does, too', async () => {
      const file = await platform.write('made.csv', ['domain,apps', 'h.example.org,', 'i.example.org,notes']);
      const argv = ['instances', 'install-apps', '--from', file, '--apps', 'agenda'];
      const { stderr, exitCode } = await run(...argv);
      expect(exitCode).to.equal(2);
      expect(stderr).to.contain('made.csv:3').and.contain('so does this row: "notes"');
    });

    it('refuses a file together with domains or a filter', async () => {
      const file = await platform.write('and.csv', ['domain', 'h.example.org']);
      for (const other of [['i.example.org'], ['--locale', 'nl']]) {
        const argv = ['instances', 'install-apps', ...other, '--from', file, '--apps', 'agenda'];
        const { stderr, exitCode } = await run(...argv);
        expect(exitCode).to.equal(2);
        expect(stderr).to.contain('Name the instances in one way');
      }
    });

    it('fails for what cannot be had', async () => {
      const { stderr, exitCode } = await run('instances', 'install-apps', 'h.example.org', '--apps', 'lost');
      expect(stderr).to.contain('application lost has not been installed: no registry has lost');
      expect(exitCode).to.equal(1);
    });

    it('needs applications', async () => {
      const { stderr, exitCode } = await run('instances', 'install-apps', 'h.example.org');
      expect(stderr).to.contain('name the applications');
      expect(exitCode).to.equal(2);
    });

    it('refuses a source with a password, without repeating it', async () => {
      const source = 'https://user:hunter2@host.example.org/app.tgz';
      const { stdout, stderr, exitCode } = await run(
        'instances',
        'install-apps',
        'h.example.org',
        '--apps',
        source,
      );
      expect(exitCode).to.equal(2);
      expect(stdout + stderr).not.to.contain('hunter2');
    });
  });
});
