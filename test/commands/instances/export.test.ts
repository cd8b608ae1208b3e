import { mkdir, readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type ArchiveStack, startArchiveStack } from '../../support/archive-stack.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { until } from '../../support/until.ts';

describe('instances export', () => {
  let stack: ArchiveStack;
  let platform: CliPlatform;
  let directory: TemporaryDirectory;
  let to: string;
  let config: string;

  const run = (...argv: string[]): Promise<Ran> => runCommand(...argv, '--config', config);
  const exportTo = (...argv: string[]): Promise<Ran> => run('instances', 'export', '--to', to, ...argv);

  before(async () => {
    platform = await startPlatform();
    stack = await startArchiveStack(() => platform.server);
    directory = await temporaryDirectory('archives');
    to = join(directory.path, 'archives');
    await mkdir(to);
    config = await withAdmin(stack.admin.passphrase);
    await platform.startWorker(config);
    const domains = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.example.org`);
    const file = await platform.write('made.csv', ['domain', ...domains]);
    expect((await run('instances', 'add', '--from', file)).exitCode).to.equal(0);
  });

  after(async () => {
    await platform.close();
    await stack.close();
    await directory.remove();
  });

  afterEach(() => stack.faults.lost.clear());

  /** A configuration with the admin port of the stack. */
  async function withAdmin(passphrase: string): Promise<string> {
    const yaml = await readFile(platform.configFile, 'utf8');
    const admin = [`  admin_upstream: ${stack.admin.url}`, `  admin_passphrase: ${passphrase}`];
    return await platform.write('with-admin.yaml', [
      yaml.replace('\nfleet:\n', `\nfleet:\n${admin.join('\n')}\n`),
    ]);
  }

  async function putFile(domain: string, name: string): Promise<string> {
    const [instance] = await findByNames(platform.server, [domain]);
    if (instance === undefined) throw new Error(`there is no ${domain}`);
    return await stack.putFile(instance, name, 'hello');
  }

  it('refuses at once, with what to do, where no stack is configured', async () => {
    const argv = ['instances', 'export', '--to', to, '--all', '--config', platform.configFile];
    const { stderr, exitCode } = await runCommand(...argv);
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/admin port is not configured/);
    expect(stderr).to.match(/fleet\.admin_upstream.*COZY_FLEET_ADMIN_PASSPHRASE/s);
  });

  it('refuses a path that is not absolute', async () => {
    const { stderr, exitCode } = await run('instances', 'export', '--all', '--to', 'archives');
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/--to must be an absolute path/);
  });

  it('tells beforehand what would be exported, and makes nothing', async () => {
    const { stdout, exitCode } = await exportTo('--all', '--dry-run', '--json');
    expect(JSON.parse(stdout).counts).to.include({ change: 6, toDo: 6 });
    expect(exitCode).to.equal(10);
    expect(await readdir(to)).to.deep.equal([]);
  });

  it('exports, and tells where each archive is', async () => {
    await putFile('a.example.org', 'a.txt');
    const { stdout, exitCode } = await exportTo('a.example.org', 'b.example.org', '--json');
    expect(exitCode).to.equal(0);
    const { batch: id } = JSON.parse(stdout);
    const exported = await run('batches', 'export', id, '--format', 'ndjson');
    const rows = exported.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const first = rows.find(({ domain }) => domain === 'a.example.org');
    expect(first).to.include({ status: 'exported', archive_files: 1 });
    expect(await readdir(first.archive)).to.include('export.json');
    const csv = await run('batches', 'export', id);
    expect(csv.stdout.split('\n')[0]).to.match(/,error,archive,archive_bytes,archive_files$/);
    expect(csv.stdout).to.include(first.archive);
  });

  it('passes over what has not changed since', async () => {
    const { stdout, exitCode } = await exportTo('b.example.org', '--json');
    expect(exitCode).to.equal(0);
    expect(JSON.parse(stdout).counts).to.include({ done: 0, skipped: 1 });
  });

  it('names the file that an archive lacks, and its row fails', async () => {
    stack.faults.lost.add(await putFile('c.example.org', 'wedding.jpg'));
    const { stdout, exitCode } = await exportTo('c.example.org', '--tries', '1');
    expect(exitCode).to.equal(1);
    const id = /^Batch (\w+)/.exec(stdout)?.[1] ?? '';
    const shown = await run('batches', 'show', id, '--failed');
    expect(shown.stdout).to.match(/export_incomplete.*wedding\.jpg/);
  });

  it('destroys what was exported, and tells of the archive', async () => {
    const flags = ['--force', '--export-first', '--export-to', to];
    const { stdout, exitCode } = await run('instances', 'destroy', 'd.example.org', ...flags);
    expect(exitCode).to.equal(0);
    const [name = ''] = await readdir(join(to, 'd.example.org'));
    expect(stdout).to.include(`Its archive: ${join(to, 'd.example.org', name)} (`);
    expect(await findByNames(platform.server, ['d.example.org'])).to.deep.equal([]);
  });

  it('tells of the archive with the job', async () => {
    const list = JSON.parse((await run('jobs', 'ls', '--kind', 'destroy', '--json')).stdout);
    const [job] = list.jobs ?? list;
    const { stdout } = await run('jobs', 'show', job.jobId);
    expect(stdout).to.match(/Archive +\/.*d\.example\.org.* 1 part/);
  });

  it('destroys nothing of which the archive lacks a file', async () => {
    stack.faults.lost.add(await putFile('e.example.org', 'wedding.jpg'));
    const flags = ['--force', '--tries', '1', '--export-first', '--export-to', to];
    const { stderr, exitCode } = await run('instances', 'destroy', 'e.example.org', ...flags);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/wedding\.jpg/);
    expect(await findByNames(platform.server, ['e.example.org'])).to.have.length(1);
  });

  it('destroys nothing where one of both flags is missing', async () => {
    for (const flags of [['--export-first'], ['--export-to', to]]) {
      const { exitCode } = await run('instances', 'destroy', 'f.example.org', '--force', ...flags);
      expect(exitCode).to.equal(2);
    }
    expect(await findByNames(platform.server, ['f.example.org'])).to.have.length(1);
  });

  describe('where no worker has the directory', () => {
    let batch: string;
    let missing: string;

    before(async () => {
      missing = join(to, 'unmounted');
      const ordered = ['a.example.org', 'b.example.org', '--to', missing, '--async', '--json'];
      batch = JSON.parse((await run('instances', 'export', ...ordered)).stdout).batch;
      await until('both rows wait', async () => (await waiting()).length === 2);
    });

    const waiting = async () =>
      JSON.parse((await run('batches', 'show', batch, '--state', 'retrying', '--json')).stdout).rows;

    it('says of the batch which one is missing where, and what to do', async () => {
      const { stdout } = await run('batches', 'show', batch);
      expect(stdout).to.include(`2 rows wait at export, with the worker on ${hostname()}: export_place`);
      expect(stdout).to.include(`no archive can be put into ${missing}: it is not there`);
      expect(stdout).to.include('Once it is put right there, or another worker takes it, it goes on');
    });

    it('says so of each row that is exported', async () => {
      const { stdout } = await run('batches', 'export', batch, '--format', 'ndjson');
      for (const line of stdout.trim().split('\n')) {
        const { status, error } = JSON.parse(line);
        expect(status).to.equal('retrying');
        expect(error).to.include(missing).and.include(`(worker on ${hostname()})`);
      }
    });

    it('says so of each job', async () => {
      const [{ jobId }] = await waiting();
      const { stdout } = await run('jobs', 'show', jobId);
      expect(stdout).to.match(/^Last error +export_place: no archive can be put into/m);
      expect(stdout).to.include(`with the worker on ${hostname()}`);
      const watched = await run('jobs', 'watch', jobId, '--wait', '1s');
      expect(watched.exitCode).to.equal(69);
      expect(watched.stderr).to.include(missing);
    });

    it('says so to whoever watches, and goes on once it is there', async () => {
      const watched = await run('batches', 'watch', batch, '--wait', '1s');
      expect(watched.stderr).to.include(`Rows wait at export, with the worker on ${hostname()}`);
      await mkdir(missing);
      for (const { jobId } of await waiting()) await (await platform.fleet.queue.getJob(jobId))?.promote();
      const ended = await run('batches', 'watch', batch);
      expect(ended.stdout).to.include('ended: 2 exported');
      expect((await run('batches', 'show', batch)).stdout).not.to.include('export_place');
    });
  });

  it('keeps the passphrase out of Redis', async () => {
    const keys = await platform.fleet.redis.keys('*');
    for (const key of keys) {
      const dumped = await platform.fleet.redis.dumpBuffer(key);
      expect(dumped?.includes(stack.admin.passphrase), key).to.equal(false);
    }
  });
});
