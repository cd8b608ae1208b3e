import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf, reservationId } from '../../../src/instances/databases/prefix.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';

const DOMAINS = ['alice.example.org', 'bob.example.org', 'carol.example.org'];

describe('instances fsck', () => {
  let platform: CliPlatform;

  const fsck = (...argv: string[]): Promise<Ran> => platform.run('instances', 'fsck', ...argv);

  async function findings(...argv: string[]): Promise<{ type: string; domain?: string }[]> {
    const { stdout, stderr, exitCode } = await fsck(...argv);
    expect({ stderr, exitCode }).to.deep.equal({ stderr: '', exitCode: stdout === '' ? 0 : 1 });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  const onDisk = (domain: string, path: string) => join(platform.config.storage.root, domain, path);

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    for (const domain of DOMAINS)
      await platform.run('instances', 'add', domain, '--domain-aliases', `w.${domain}`);
    await platform.stopWorker();
  });

  after(() => platform.close());

  it('prints nothing and ends with 0 where nothing is wrong', async () => {
    expect(await fsck('--all')).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    expect(await fsck('--all', '--json')).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    expect(await fsck(...DOMAINS)).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
  });

  describe('where something is wrong', () => {
    before(async () => {
      for (const domain of DOMAINS.slice(0, 2)) await rmdir(onDisk(domain, 'Administrative'));
      const database = databaseName(prefixOf('alice.example.org'), 'io.cozy.settings');
      const settings = await platform.server.getDocument(database, SETTINGS_ID);
      await platform.server.deleteDocument(database, SETTINGS_ID, settings?._rev ?? '');
    });

    it('prints a line for each finding with its domain, and ends with 1', async () => {
      const found = await findings('alice.example.org');
      expect(found.map(({ type, domain }) => `${type} ${domain}`)).to.deep.equal([
        'missing_settings alice.example.org',
        'filesystem_missing alice.example.org',
      ]);
      expect(await findings('alice.example.org', '--json')).to.deep.equal(found);
    });

    it('checks each instance that is named once, by alias too, in the order of the names', async () => {
      const named = ['w.bob.example.org', 'alice.example.org', 'bob.example.org'];
      expect((await findings(...named)).map(({ domain }) => domain)).to.deep.equal([
        'bob.example.org',
        'alice.example.org',
        'alice.example.org',
      ]);
    });

    it('checks all, in the order of ls', async () => {
      const { stdout } = await platform.run('instances', 'ls', '--fields', 'domain');
      const listed = stdout.split('\n').filter((domain) => DOMAINS.slice(0, 2).includes(domain));
      const found = await findings('--all');
      expect([...new Set(found.map(({ domain }) => domain))]).to.deep.equal(listed);
      expect(found).to.have.length(3);
    });

    it('checks those that a filter means', async () => {
      expect(await findings('--domain', 'b*')).to.have.length(1);
      expect(await findings('--state', 'blocked')).to.deep.equal([]);
    });

    it('leaves the storage out with --index-integrity, and the index with --files-consistency', async () => {
      expect(await findings('bob.example.org', '--index-integrity')).to.deep.equal([]);
      expect(await findings('bob.example.org', '--files-consistency')).to.have.length(1);
      const both = ['--index-integrity', '--files-consistency'];
      expect(await findings('bob.example.org', ...both)).to.have.length(1);
    });

    it('stops at the first finding with --fail-fast', async () => {
      expect(await findings('--all', '--fail-fast')).to.have.length(1);
    });
  });

  it('tells of an instance of a newer stack, and of nothing else for that', async () => {
    const [carol] = await findByNames(platform.server, ['carol.example.org']);
    const change = async (indexes_version: number) => {
      const now = await platform.server.getDocument(INSTANCES, carol?._id ?? '');
      await platform.server.putDocument(INSTANCES, { _id: '', ...now, indexes_version });
    };
    await change(40);
    for (const argv of [['carol.example.org'], ['carol.example.org', '--fail-fast']]) {
      const { stdout, stderr, exitCode } = await fsck(...argv);
      expect({ stderr, exitCode }).to.deep.equal({ stderr: '', exitCode: 1 });
      expect(JSON.parse(stdout)).to.include({ type: 'wrong_indexes_version', found: 40 });
    }
    await change(39);
  });

  describe('of a reservation', () => {
    before(async () => {
      await platform.run('instances', 'add', 'dave.example.org', '--async');
      const reason = 'PROVISIONING:0123456789abcdef';
      for (const domain of ['dave.example.org', 'erin.example.org']) {
        const document = { _id: reservationId(domain), domain, blocked: true, blocking_reason: reason };
        await platform.server.putDocument(INSTANCES, document);
      }
    });

    it('finds that no job holds it', async () => {
      expect(await findings('--state', 'provisioning')).to.deep.equal([
        { type: 'reservation_without_job', domain: 'erin.example.org' },
      ]);
    });

    it('says when Redis cannot be asked', async () => {
      const configFile = await platform.configure({ redisUrl: 'redis://127.0.0.1:9' });
      const ran = await runCommand('instances', 'fsck', 'erin.example.org', '--config', configFile);
      expect(ran).to.include({ stdout: '', exitCode: 1 });
      expect(ran.stderr).to.match(/Redis/);
    });

    it('does not need Redis for an instance in use', async () => {
      const configFile = await platform.configure({ redisUrl: 'redis://127.0.0.1:9' });
      const ran = await runCommand('instances', 'fsck', 'carol.example.org', '--config', configFile);
      expect(ran).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    });
  });

  it('finds orphans when asked, on two looks', async () => {
    const prefix = prefixOf('gone.example.org');
    await platform.server.createDatabase(`${prefix}/io-cozy-files`);
    await mkdir(onDisk('gone.example.org', '.cozy_trash'), { recursive: true });
    await mkdir(onDisk('lost+found', ''));
    const host = platform.server.host;
    expect(await findings('--orphans', '--orphans-wait', '1ms')).to.deep.equal([
      { type: 'orphan_databases', prefix, host, databases: [`${prefix}/io-cozy-files`] },
      { type: 'orphan_folder', folder: 'gone.example.org' },
      { type: 'foreign_folder', folder: 'lost+found' },
    ]);
    await rm(onDisk('lost+found', ''), { recursive: true });
  });

  it('refuses what makes no sense', async () => {
    const wrong = [
      [],
      ['--all', 'alice.example.org'],
      ['--all', '--state', 'blocked'],
      ['alice.example.org', '--context', 'beta'],
      ['--context', ''],
      ['--orphans', '--orphans-wait', 'soon'],
      ['--al'],
      ['a/b'],
    ];
    for (const argv of wrong) {
      const { stdout, stderr, exitCode } = await fsck(...argv);
      expect({ stdout, exitCode }, argv.join(' ')).to.deep.equal({ stdout: '', exitCode: 2 });
      expect(stderr, argv.join(' ')).to.match(/error/i);
    }
  });

  it('prints nothing of the others when a name is unknown', async () => {
    const { stdout, stderr, exitCode } = await fsck('alice.example.org', 'nobody.example.org');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 1 });
    expect(stderr).to.contain('nobody.example.org');
  });
});
