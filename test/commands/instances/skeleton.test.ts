import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putSkeleton } from '../../support/skeletons.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

describe('instances add --skeleton', () => {
  let platform: CliPlatform;
  let directory: TemporaryDirectory;

  before(async () => {
    platform = await startPlatform();
    directory = await temporaryDirectory('add-skeleton');
    await putSkeleton(directory.path, {
      'common/Photos/cat.txt': 'cat',
      'fr/Lisez-moi.txt': 'Bienvenue',
      'common/.DS_Store': '',
    });
  });

  after(async () => {
    await platform.close();
    await directory.remove();
  });

  it('refuses a directory that is not good before anything is queued', async () => {
    const bad = join(directory.path, 'common');
    const ran = await platform.run('instances', 'add', 'bad.example.org', '--skeleton', bad);
    expect(ran.exitCode).to.equal(2);
    expect(ran.stderr).to.include(join(bad, 'Photos')).and.to.include('neither "common" nor a locale');
    expect(await platform.fleet.queue.getWaitingCount()).to.equal(0);
  });

  it('tells in a dry run what new instances would get, and what is left out', async () => {
    const ran = await platform.run(
      'instances',
      'add',
      'new.example.org',
      '--skeleton',
      directory.path,
      '--dry-run',
    );
    expect(ran.exitCode).to.equal(10);
    expect(ran.stdout).to.include(`skeleton ${directory.path}: common 1 file (3 B); fr 1 file (9 B)`);
    expect(ran.stdout).to.include('left out of the skeleton: ').and.to.include('.DS_Store');
    expect(ran.stdout).to.match(/new\.example\.org\s+new\s.*skeleton [0-9a-f]{12}/);
  });

  describe('with workers', () => {
    before(() => platform.startWorker());

    const inStorage = (...path: string[]) => readFile(join(platform.config.storage.root, ...path), 'utf8');

    it('gives a single instance the files of its language', async () => {
      const domain = 'alice.example.org';
      const flags = ['--locale', 'fr', '--skeleton', directory.path];
      const ran = await platform.run('instances', 'add', domain, ...flags);
      expect(ran.exitCode).to.equal(0);
      expect(await inStorage(domain, 'Lisez-moi.txt')).to.equal('Bienvenue');
      expect(await inStorage(domain, 'Photos', 'cat.txt')).to.equal('cat');
    });

    it('gives each instance of a plan the files that the plan has seen', async () => {
      const file = await platform.write('school.csv', [
        'domain,locale',
        'b.example.org,fr',
        'c.example.org,de',
      ]);
      const plan = join(directory.path, '..', `${Date.now()}.plan`);
      const flags = ['--from', file, '--skeleton', directory.path, '--dry-run', '--plan-file', plan];
      expect((await platform.run('instances', 'add', ...flags)).exitCode).to.equal(10);
      expect((await platform.run('batches', 'submit', plan)).exitCode).to.equal(0);
      expect(await inStorage('b.example.org', 'Lisez-moi.txt')).to.equal('Bienvenue');
      expect(await inStorage('c.example.org', 'Fotos', 'cat.txt')).to.equal('cat');
    });

    describe('that was changed since it was ordered', () => {
      let changed: TemporaryDirectory;
      let batch: string;

      before(async () => {
        changed = await temporaryDirectory('changed-skeleton');
        await putSkeleton(changed.path, { 'common/Old.txt': 'old' });
        const file = await platform.write('changed.csv', ['domain', 'd.example.org', 'e.example.org']);
        await platform.stopWorker();
        const flags = ['--from', file, '--skeleton', changed.path, '--tries', '1', '--async', '--json'];
        batch = JSON.parse((await platform.run('instances', 'add', ...flags)).stdout).batch;
        await putSkeleton(changed.path, { 'common/New.txt': 'new' });
        await platform.startWorker();
        expect((await platform.run('batches', 'watch', batch)).exitCode).to.equal(1);
      });

      after(() => changed.remove());

      it('is not given to anybody by a further try, unless that is asked for', async () => {
        expect((await platform.run('batches', 'retry', batch, '--watch')).exitCode).to.equal(1);
        const failed = await platform.run('batches', 'show', batch, '--failed');
        expect(failed.stdout).to.include('skeleton: the skeleton').and.include('is another one');
        const retried = ['batches', 'retry', batch, '--skeleton', changed.path];
        const dry = await platform.run(...retried, '--dry-run');
        expect(dry.stdout).to.include('Those that have some of the earlier first files would be refused.');
        const ran = await platform.run(...retried, '--watch');
        expect(ran.stdout).to.include(`2 of them with the first files of ${changed.path}, as it is now.`);
        expect(ran.exitCode).to.equal(0);
        for (const domain of ['d.example.org', 'e.example.org']) {
          expect(await inStorage(domain, 'New.txt')).to.equal('new');
        }
      });
    });

    it('is told of nobody by a further try where no first files were ordered', async () => {
      const file = await platform.write('plain.csv', ['domain', 'plain.example.org']);
      await platform.stopWorker();
      const added = await platform.run('instances', 'add', '--from', file, '--async', '--json');
      const { batch } = JSON.parse(added.stdout);
      await platform.run('batches', 'cancel', batch);
      await platform.startWorker();
      await platform.run('batches', 'watch', batch);
      const ran = await platform.run('batches', 'retry', batch, '--skeleton', directory.path, '--watch');
      expect(ran.exitCode).to.equal(0);
      expect(ran.stdout).to.include('1 queued again').and.not.include('first files');
    });

    it('ends as partly failed, with the instance in use, where they do not fit into its quota', async () => {
      const file = await platform.write('small.csv', ['domain,locale,disk-quota', 'small.example.org,fr,5']);
      const ran = await platform.run(
        'instances',
        'add',
        '--from',
        file,
        '--skeleton',
        directory.path,
        '--json',
      );
      expect(ran.exitCode).to.equal(68);
      const { batch } = JSON.parse(ran.stdout);
      const failed = await platform.run('batches', 'show', batch, '--failed');
      expect(failed.stdout).to.include('skeleton_quota');
      const shown = await platform.run('instances', 'show', 'small.example.org');
      expect(shown.exitCode).to.equal(0);
    });
  });
});
