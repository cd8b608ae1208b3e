import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { SETTINGS_ID } from '../../../src/instances/documents/settings-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { everythingInRedis } from '../../support/everything-in-redis.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

const DOMAINS = ['alice.example.org', 'bob.example.org', 'carol.example.org'];

describe('instances fsck by the workers', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  const fsck = (...argv: string[]): Promise<Ran> => platform.run('instances', 'fsck', ...argv);

  before(async () => {
    directory = await temporaryDirectory('fsck-batch');
    platform = await startPlatform();
    await platform.startWorker();
    for (const domain of DOMAINS)
      await platform.run('instances', 'add', domain, '--domain-aliases', `w.${domain}`);
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  it('ends with 0 where nothing is wrong', async () => {
    const { stdout, exitCode } = await fsck('--all', '--batch');
    expect(stdout).to.contain('ended: 3 healthy.');
    expect(exitCode).to.equal(0);
  });

  it('ends with 1 where an instance is not there, by name as in a file', async () => {
    const file = await platform.write('mistyped.csv', ['domain', 'alcie.example.org', 'bob.example.org']);
    for (const argv of [
      ['--from', file],
      ['alcie.example.org', 'bob.example.org', '--batch'],
    ]) {
      const { stdout, exitCode } = await fsck(...argv);
      expect(stdout).to.contain('ended: 1 healthy, 1 failed.');
      expect(exitCode).to.equal(1);
      const batch = /Batch (\w+) ended/.exec(stdout)?.[1] ?? '';
      const { stdout: rows } = await platform.run('batches', 'export', batch, '--failed');
      expect(rows).to.match(/alcie\.example\.org.*not_found/);
    }
  });

  it('takes an alias for its instance, as a check without workers does', async () => {
    const file = await platform.write('aliases.csv', ['domain', 'w.alice.example.org', 'carol.example.org']);
    for (const argv of [
      ['--from', file],
      ['w.alice.example.org', 'carol.example.org', '--batch'],
    ]) {
      const { stdout, exitCode } = await fsck(...argv);
      expect(stdout).to.contain('ended: 2 healthy.');
      expect(exitCode).to.equal(0);
    }
  });

  it('says beforehand what it would look at', async () => {
    const { stdout, exitCode } = await fsck('--all', '--batch', '--dry-run');
    expect(stdout).to.contain('fsck: 3 rows, 3 with something to do; 3 check');
    expect(exitCode).to.equal(10);
  });

  it('runs a plan of checks', async () => {
    const plan = join(directory.path, 'checks.plan');
    await fsck('bob.example.org', '--batch', '--dry-run', '--plan-file', plan);
    const { stdout, exitCode } = await platform.run('batches', 'submit', plan);
    expect(stdout).to.contain('ended: 1 healthy.');
    expect(exitCode).to.equal(0);
  });

  it('refuses what only a batch can be told, and what no batch can', async () => {
    for (const argv of [
      ['--all', '--async'],
      ['--all', '--concurrency', '2'],
      ['--all', '--dry-run'],
      ['--all', '--batch', '--orphans'],
      ['--all', '--batch', '--fail-fast'],
      ['--batch'],
    ]) {
      expect((await fsck(...argv)).exitCode, argv.join(' ')).to.equal(2);
    }
  });

  describe('where something is wrong', () => {
    let batch: string;

    before(async () => {
      for (const name of ['Administrative', 'Photos']) {
        await rmdir(join(platform.config.storage.root, 'alice.example.org', name)).catch(() => undefined);
      }
      const database = databaseName(prefixOf('alice.example.org'), 'io.cozy.settings');
      const settings = await platform.server.getDocument(database, SETTINGS_ID);
      await platform.server.deleteDocument(database, SETTINGS_ID, settings?._rev ?? '');
      await platform.server.deleteDatabase(databaseName(prefixOf('bob.example.org'), 'io.cozy.contacts'));
    });

    it('ends with 1, as a check without workers does', async () => {
      const file = await platform.write('some.csv', ['domain', ...DOMAINS]);
      const { stdout, exitCode } = await fsck('--from', file);
      expect(stdout).to.contain('ended: 1 healthy, 2 failed.');
      expect(exitCode).to.equal(1);
      batch = /Batch (\w+) ended/.exec(stdout)?.[1] ?? '';
    });

    it('tells the sorts of findings, and how many, where the batch is shown and exported', async () => {
      const { stdout: shown } = await platform.run('batches', 'show', batch, '--errors');
      expect(shown).to.contain('2 rows at check: findings');
      const { stdout } = await platform.run('batches', 'export', batch, '--format', 'ndjson');
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(rows.map(({ domain, status }) => [domain, status])).to.deep.equal([
        ['alice.example.org', 'failed'],
        ['bob.example.org', 'failed'],
        ['carol.example.org', 'healthy'],
      ]);
      expect(rows[0].error).to.match(/^findings: \d findings?: missing_settings, filesystem_missing/);
      expect(rows[1].error).to.contain('no_database io.cozy.contacts');
    });

    it('keeps no name of a file in Redis', async () => {
      const everything = (await everythingInRedis(platform.fleet.redis)).join('\n');
      expect(everything).to.contain('filesystem_missing');
      expect(everything).not.to.contain('Administrative');
    });

    it('looks again at what failed when the batch is tried again', async () => {
      await platform.server.createDatabase(databaseName(prefixOf('bob.example.org'), 'io.cozy.contacts'));
      await platform.run('batches', 'retry', batch);
      const { stdout } = await platform.run('batches', 'watch', batch);
      expect(stdout).to.contain('2 failed');
      const { stdout: exported } = await platform.run('batches', 'export', batch);
      expect(exported).to.contain('missing_design_document io.cozy.contacts').and.not.contain('no_database');
    });
  });

  it('passes over what is not meant any more', async () => {
    await platform.stopWorker();
    const { stdout } = await fsck(
      '--domain',
      'carol*',
      '--state',
      'onboarding',
      '--batch',
      '--async',
      '--json',
    );
    const { batch } = JSON.parse(stdout);
    const [carol] = await findByNames(platform.server, ['carol.example.org']);
    await platform.server.putDocument(INSTANCES, { ...carol, _id: carol?._id ?? '', blocked: true });
    await platform.startWorker();
    const { stdout: shown, exitCode } = await platform.run('batches', 'watch', batch);
    expect(shown).to.contain('1 skipped (gone or changed since)');
    expect(exitCode).to.equal(0);
  });
});
