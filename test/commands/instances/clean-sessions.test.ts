import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { LOGINS, SESSIONS } from '../../../src/usage/last-activity.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putWithSettings } from '../../support/planned-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

describe('instances clean-sessions', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'clean-sessions', ...argv);

  before(async () => {
    directory = await temporaryDirectory('clean-sessions');
    platform = await startPlatform();
    await platform.startWorker();
    await putWithSettings(platform, [
      { domain: 'alice.example.org', context: 'school' },
      { domain: 'bob.example.org', context: 'school' },
      { domain: 'carol.example.org', deleting: true },
    ]);
  });

  beforeEach(async () => {
    const times = { last_seen: '2026-05-04T10:00:00Z', created_at: '2026-05-03T10:00:00Z' };
    for (const doctype of [SESSIONS, LOGINS]) {
      const database = databaseName(prefixOf('alice.example.org'), doctype);
      await platform.server.createDatabase(database);
      const there = await platform.server.getDocument(database, 'one');
      if (there === undefined) await platform.server.putDocument(database, { _id: 'one', ...times });
    }
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  const has = async (doctype: string): Promise<boolean> => {
    const database = databaseName(prefixOf('alice.example.org'), doctype);
    return (await platform.server.getDocument(database, 'one')) !== undefined;
  };

  it('tells beforehand what would go, and takes nothing', async () => {
    const { stdout, exitCode } = await run('--all', '--logins', '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(counts).to.include({ clean: 1, same: 1, deleting: 1, toDo: 1 });
    const row = rows.find(({ domain }: { domain: string }) => domain === 'alice.example.org');
    expect(row.documents).to.deep.equal({ [SESSIONS]: 1, [LOGINS]: 1 });
    expect(exitCode).to.equal(10);
    expect([await has(SESSIONS), await has(LOGINS)]).to.deep.equal([true, true]);
    const { stdout: shown } = await run('alice.example.org', '--dry-run');
    expect(shown).to.contain('1 io.cozy.sessions').and.not.to.contain('logins');
  });

  it('asks before it ends any', async () => {
    const { stdout, stderr, exitCode } = await platform.spawn(['instances', 'clean-sessions', '--all']).ended;
    expect(stdout).to.contain('end the sessions of 3 instances');
    expect(stderr).to.contain('--force');
    expect(exitCode).to.equal(2);
    expect(await has(SESSIONS)).to.equal(true);
  });

  it('ends them, keeps the history of logins and when the instance was last active', async () => {
    const { stdout, exitCode } = await run('alice.example.org', 'bob.example.org', '--force');
    expect(stdout).to.contain('ended: 1 cleaned, 1 skipped (without sessions).');
    expect(exitCode).to.equal(0);
    expect([await has(SESSIONS), await has(LOGINS)]).to.deep.equal([false, true]);
    const [alice] = await findByNames(platform.server, ['alice.example.org']);
    expect(alice?.last_activity_from_deleted_oauth_clients).to.equal('2026-05-04T10:00:00Z');
  });

  it('takes the history of logins, too, where that is asked for', async () => {
    await run('alice.example.org', '--logins', '--force');
    expect([await has(SESSIONS), await has(LOGINS)]).to.deep.equal([false, false]);
  });

  it('leaves an instance alone that is being deleted', async () => {
    const { stdout, exitCode } = await run('carol.example.org', '--force');
    expect(stdout).to.contain('1 failed');
    expect(exitCode).to.equal(1);
  });

  it('runs a plan, however many sessions there are by then', async () => {
    const plan = join(directory.path, 'clean.plan');
    expect((await run('--context', 'school', '--dry-run', '--plan-file', plan)).exitCode).to.equal(10);
    const database = databaseName(prefixOf('alice.example.org'), SESSIONS);
    await platform.server.putDocument(database, { _id: 'two', last_seen: '2026-05-04T11:00:00Z' });
    const { stderr, exitCode } = await platform.spawn(['batches', 'submit', plan]).ended;
    expect([stderr.includes('--force'), exitCode]).to.deep.equal([true, 2]);
    const submitted = await platform.run('batches', 'submit', plan, '--force');
    expect(submitted.stdout).to.contain('ended: 1 cleaned.');
    expect(await has(SESSIONS)).to.equal(false);
  });

  it('needs to be told which instances', async () => {
    for (const argv of [[], ['alice.example.org', '--all'], ['--context', '']]) {
      expect((await run(...argv, '--force')).exitCode).to.equal(2);
    }
  });
});
