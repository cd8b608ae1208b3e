import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Cleanup } from '../support/cleanup.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../support/cli-platform.ts';
import { putSkeleton } from '../support/skeletons.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('apply on a platform with fleet.skeleton', () => {
  const suite = new Cleanup();
  let platform: CliPlatform;
  let config: string;

  before(async () => {
    platform = suite.add(await startPlatform(), (each) => each.close());
    const { path } = suite.add(await temporaryDirectory('apply-skeleton'), (each) => each.remove());
    const skeleton = join(path, 'welcome');
    await putSkeleton(skeleton, { 'common/welcome.txt': 'Welcome', 'fr/Bienvenue.txt': 'Bienvenue' });
    config = join(path, 'cozy.yaml');
    const own = (await readFile(platform.configFile, 'utf8')).replace(
      /^fleet:\n/m,
      `fleet:\n  skeleton: ${JSON.stringify(skeleton)}\n`,
    );
    await writeFile(config, own, { mode: 0o600 });
    await platform.startWorker(config);
  });

  after(() => suite.run());

  const apply = (...argv: string[]): Promise<Ran> => runCommand('apply', ...argv, '--config', config);

  const inStorage = (...path: string[]) => readFile(join(platform.config.storage.root, ...path), 'utf8');

  it('says in a dry run that new instances get first files', async () => {
    const file = await platform.write('look.csv', ['domain,locale', 'look.example.org,fr']);
    const { stdout, stderr, exitCode } = await apply('--from', file, '--dry-run', '--json');
    expect(exitCode, stderr).to.equal(10);
    const [row] = JSON.parse(stdout).rows;
    expect(row.fields.map(({ field }: { field: string }) => field)).to.include('skeleton');
  });

  it('gives new instances their first files', async () => {
    const file = await platform.write('new.csv', ['domain,locale', 'new.example.org,fr']);
    const { stderr, exitCode } = await apply('--from', file);
    expect(exitCode, stderr).to.equal(0);
    expect(await inStorage('new.example.org', 'welcome.txt')).to.equal('Welcome');
    expect(await inStorage('new.example.org', 'Bienvenue.txt')).to.equal('Bienvenue');
  });

  it('has nothing to do for instances that are there', async () => {
    const file = await platform.write('again.csv', ['domain,locale', 'new.example.org,fr']);
    const { stderr, exitCode } = await apply('--from', file, '--dry-run');
    expect(exitCode, stderr).to.equal(0);
  });
});
