import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { FILES } from '../../../src/instances/databases/databases.ts';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

describe('instances repair', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    const file = await platform.write('made.csv', ['domain', 'a.org', 'b.org', 'c.org']);
    await platform.run('instances', 'add', '--from', file);
  });

  after(() => platform.close());

  const databaseOf = (domain: string, doctype = FILES) => databaseName(prefixOf(domain), doctype);
  const directoryOf = (domain: string, path: string) => join(platform.config.storage.root, domain, path);

  async function dropDesign(domain: string, id: string): Promise<void> {
    const found = await platform.server.getDocument(databaseOf(domain), id);
    await platform.server.deleteDocument(databaseOf(domain), id, found?._rev ?? '');
  }

  async function findings(domain: string): Promise<string[]> {
    const { stdout } = await platform.run('instances', 'fsck', domain);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).type);
  }

  it('of one puts right what fsck found', async () => {
    await dropDesign('a.org', '_design/dir-by-path');
    await rm(directoryOf('a.org', 'Photos'), { recursive: true });
    expect(await findings('a.org')).to.include.members(['missing_design_document', 'filesystem_missing']);
    const { stdout, exitCode, stderr } = await platform.run('instances', 'repair', 'a.org');
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.equal('a.org has been repaired\n');
    expect(await findings('a.org')).to.deep.equal([]);
  });

  it('of one that is well changes nothing', async () => {
    const { stdout, exitCode } = await platform.run('instances', 'repair', 'a.org');
    expect(stdout).to.equal('Nothing had to be repaired for a.org\n');
    expect(exitCode).to.equal(0);
  });

  it('of one of a newer stack has nothing to do', async () => {
    const [instance] = await findByNames(platform.server, ['a.org']);
    const change = async (indexes_version: number) => {
      const now = await platform.server.getDocument(INSTANCES, instance?._id ?? '');
      await platform.server.putDocument(INSTANCES, { _id: '', ...now, indexes_version });
    };
    await change(40);
    const { stdout, stderr, exitCode } = await platform.run('instances', 'repair', 'a.org');
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.equal('Nothing had to be repaired for a.org\n');
    await change(39);
  });

  it('makes no database anew that may have held data, unless it is told to', async () => {
    await platform.server.deleteDatabase(databaseOf('b.org', 'io.cozy.permissions'));
    const refused = await platform.run('instances', 'repair', 'b.org');
    expect(refused.stderr).to.contain('left for b.org: no_database');
    expect(refused.exitCode).to.equal(1);
    const { exitCode, stderr } = await platform.run('instances', 'repair', 'b.org', '--recreate-empty');
    expect(exitCode, stderr).to.equal(0);
    expect(await findings('b.org')).to.deep.equal([]);
  });

  it('--all repairs as a batch', async () => {
    await dropDesign('c.org', '_design/dir-by-path');
    const { stdout, exitCode, stderr } = await platform.run('instances', 'repair', '--all');
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.contain('ended: 1 repaired, 2 skipped (nothing to repair).');
  });

  it('leaves a reservation, and drops it when it is told to', async () => {
    await platform.server.putDocument(INSTANCES, {
      _id: prefixOf('half.org').replace('cozy', ''),
      domain: 'half.org',
      prefix: prefixOf('half.org'),
      locale: 'en',
      password_defined: false,
      blocked: true,
      blocking_reason: `PROVISIONING:${'0'.repeat(16)}`,
    });
    await platform.server.createDatabase(databaseOf('half.org'));
    expect(await findings('half.org')).to.deep.equal(['reservation_without_job']);
    const refused = await platform.run('instances', 'repair', 'half.org');
    expect(refused.stderr).to.contain('--drop-reservations');
    expect(refused.exitCode).to.equal(1);
    const { exitCode, stderr } = await platform.run('instances', 'repair', 'half.org', '--drop-reservations');
    expect(exitCode, stderr).to.equal(0);
    expect(await platform.server.listDatabases(`${prefixOf('half.org')}/`)).to.deep.equal([]);
    expect((await platform.run('instances', 'show', 'half.org')).exitCode).to.equal(1);
  });

  it('of many stops when too many instances have no database at all', async () => {
    for (const name of await platform.server.listDatabases(`${prefixOf('a.org')}/`)) {
      await platform.server.deleteDatabase(name);
    }
    const { stderr, exitCode } = await platform.run(
      'instances',
      'repair',
      '--all',
      '--recreate-empty',
      '--force',
    );
    expect(stderr).to.contain('1 of 3 instances have no database at all; nothing was repaired');
    expect(stderr).to.contain('couchdb.clusters');
    expect(exitCode).to.equal(1);
    expect(await platform.server.listDatabases(`${prefixOf('a.org')}/`)).to.deep.equal([]);
  });

  describe('--orphans', () => {
    const argv = ['instances', 'repair', '--orphans'];

    it('tells when there are none', async () => {
      const { stdout, stderr, exitCode } = await platform.run(...argv, '--force', '--however-many');
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.equal('0 removed, 0 left\n');
    });

    it('gives whoever is making something a minute at least', async () => {
      const { stderr, exitCode } = await platform.run(...argv, '--orphans-wait', '59s', '--force');
      expect(stderr).to.contain('59s is too short').and.to.contain('1m or more');
      expect(exitCode).to.equal(2);
    });

    it('goes without instances', async () => {
      expect(await platform.run(...argv, '--all')).to.include({ exitCode: 2 });
    });
  });
});
