import { appendFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import { JOBS } from '../../../src/usage/purge-jobs.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { putWithSettings } from '../../support/planned-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

const DAY = 86_400_000;
const ALICE = databaseName(prefixOf('alice.example.org'), JOBS);

describe('instances purge-jobs', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  const run = (...argv: string[]): Promise<Ran> => platform.run('instances', 'purge-jobs', ...argv);

  const job = (_id: string, daysAgo: number, more: object = {}) => ({
    _id,
    worker: 'sendmail',
    state: 'done',
    queued_at: new Date(Date.now() - daysAgo * DAY).toISOString(),
    ...more,
  });

  before(async () => {
    directory = await temporaryDirectory('purge-jobs');
    platform = await startPlatform();
    await platform.startWorker();
    await putWithSettings(platform, [{ domain: 'alice.example.org' }, { domain: 'bob.example.org' }]);
  });

  beforeEach(async () => {
    await platform.server.deleteDatabase(ALICE);
    await platform.server.createDatabase(ALICE);
    await platform.server.bulkInsert(ALICE, [
      ...Array.from({ length: 50 }, (_, at) => job(`new-${at}`, at / 100)),
      job('10-days', 10),
      job('20-days', 20),
      job('waits', 400, { state: 'queued' }),
      job('service', 400, { worker: 'service' }),
    ]);
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  const left = async (): Promise<string[]> =>
    (await platform.server.allDocuments(ALICE, {}))
      .map(({ id }) => id)
      .filter((id) => !id.startsWith('new-'));

  it('tells beforehand how many would go, and takes none', async () => {
    const { stdout, exitCode } = await run('--all', '--dry-run', '--json');
    const { counts, rows } = JSON.parse(stdout);
    expect(counts).to.include({ clean: 1, same: 1, toDo: 1 });
    const row = rows.find(({ domain }: { domain: string }) => domain === 'alice.example.org');
    expect(row.documents).to.deep.equal({ [JOBS]: 1 });
    expect(exitCode).to.equal(10);
    expect(await left()).to.have.length(4);
  });

  it('removes those of more than two weeks, beyond what stays', async () => {
    const { stdout, exitCode } = await run('alice.example.org', 'bob.example.org', '--force');
    expect(stdout).to.contain('ended: 1 purged, 1 skipped (without old jobs).');
    expect(exitCode).to.equal(0);
    expect(await left()).to.deep.equal(['10-days', 'service', 'waits']);
  });

  it('keeps what says that a provider has still to be told of a deleted account', async () => {
    const untold = { worker: 'konnector', state: 'errored' };
    const message = { konnector: 'edf', account: 'a', account_rev: '1-a', account_deleted: true };
    await platform.server.bulkInsert(ALICE, [
      ...Array.from({ length: 50 }, (_, at) => job(`new-failed-${at}`, at / 100, untold)),
      job('untold', 400, { ...untold, message }),
      job('failed', 400, { ...untold, message: { konnector: 'edf' } }),
    ]);
    await run('alice.example.org', '--workers', 'konnector', '--force');
    expect(await left())
      .to.include('untold')
      .and.not.include('failed');
  });

  it('goes by the age and the workers that were asked for', async () => {
    await run('alice.example.org', '--duration', '3D', '--workers', 'service,konnector', '--force');
    expect(await left()).to.have.length(4);
    await run('alice.example.org', '--duration', '3D', '--workers', 'sendmail', '--force');
    expect(await left()).to.deep.equal(['service', 'waits']);
  });

  it('goes by the age in the configuration of the stack otherwise', async () => {
    const config = join(directory.path, 'cozy.yaml');
    await copyFile(platform.configFile, config);
    await appendFile(config, 'jobs:\n  defaultDurationToKeep: 1W\n');
    await runCommand('instances', 'purge-jobs', 'alice.example.org', '--force', '--config', config);
    expect(await left()).to.deep.equal(['service', 'waits']);
  });

  it('reads months and minutes as other durations are said', async () => {
    const before = await left();
    expect(await run('alice.example.org', '--duration', '600mo5min', '--force')).to.include({ exitCode: 0 });
    expect(await left()).to.deep.equal(before);
  });

  it('refuses an age of which nobody can tell whether it is minutes or months', async () => {
    const before = await left();
    const typed = await run('--all', '--duration', '6m', '--force');
    expect(typed).to.include({ exitCode: 2 });
    expect(typed.stderr).to.contain('--duration: "6m": minutes or months? say 6mo, or 6min');
    expect(await left()).to.deep.equal(before);
  });

  it('refuses an age that no stack would read, with the place', async () => {
    const typed = await run('--all', '--duration', '2w', '--force');
    expect(typed).to.include({ exitCode: 2 });
    expect(typed.stderr).to.contain('--duration').and.to.contain('2W');
    const config = join(directory.path, 'odd.yaml');
    await copyFile(platform.configFile, config);
    await appendFile(config, 'jobs:\n  defaultDurationToKeep: two weeks\n');
    const configured = await runCommand('instances', 'purge-jobs', '--all', '--force', '--config', config);
    expect(configured).to.include({ exitCode: 2 });
    expect(configured.stderr).to.contain('jobs.defaultDurationToKeep');
  });

  it('refuses what is no name of a worker', async () => {
    expect(await run('--all', '--workers', 'send mail', '--force')).to.include({ exitCode: 2 });
  });

  it('asks before it removes any', async () => {
    const { stderr, exitCode } = await platform.spawn(['instances', 'purge-jobs', '--all']).ended;
    expect(stderr).to.contain('--force');
    expect(exitCode).to.equal(2);
    expect(await left()).to.have.length(4);
  });
});
