import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseName, prefixOf } from '../../../src/instances/databases/prefix.ts';
import type { StoredInstance } from '../../../src/instances/documents/instance-document.ts';
import { findByNames, INSTANCES } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, runCommand, startPlatform } from '../../support/cli-platform.ts';

const DOMAINS = ['a.org', 'b.org', 'c.org', 'd.org', 'e.org'];

describe('instances repair, from one number of indexes to another', () => {
  let platform: CliPlatform;
  let saying: Record<38 | 39, string>;

  before(async () => {
    platform = await startPlatform();
    await platform.startWorker();
    const file = await platform.write('made.csv', ['domain', ...DOMAINS]);
    await platform.run('instances', 'add', '--from', file);
    saying = { 38: await configured(38), 39: await configured(39) };
  });

  after(() => platform.close());

  /** A configuration that says which number stacks write. */
  async function configured(version: number): Promise<string> {
    const text = await readFile(platform.configFile, 'utf8');
    const path = join(platform.configFile, '..', `saying-${version}.yaml`);
    await writeFile(path, text.replace('fleet:\n', `fleet:\n  indexes_version: ${version}\n`));
    return path;
  }

  async function instance(domain: string): Promise<StoredInstance> {
    const [found] = await findByNames(platform.server, [domain]);
    if (found === undefined) throw new Error(`${domain} is not there`);
    return found;
  }

  async function number(version: number, domains: readonly string[] = DOMAINS): Promise<void> {
    for (const domain of domains) {
      await platform.server.putDocument(INSTANCES, { ...(await instance(domain)), indexes_version: version });
    }
  }

  const numbers = async () =>
    await Promise.all(DOMAINS.map(async (domain) => (await instance(domain)).indexes_version));

  const repair = (configFile: string, ...argv: string[]): Promise<Ran> =>
    runCommand('instances', 'repair', ...argv, '--config', configFile);

  /** The look of a platform whose stack has made the sign itself. */
  async function withStackOf39(work: () => Promise<void>): Promise<void> {
    const marker = '_local/cozy-fleet-founding';
    const found = await platform.server.getDocument(INSTANCES, marker);
    await platform.server.deleteDocument(INSTANCES, marker, found?._rev ?? '');
    try {
      await work();
    } finally {
      await platform.server.putDocument(INSTANCES, { _id: marker });
    }
  }

  it('says of a healthy instance of either number that nothing is wrong', async () => {
    await number(38, ['a.org']);
    expect(await platform.run('instances', 'fsck', '--all')).to.include({ stdout: '', exitCode: 0 });
  });

  it('is refused for all where nothing shows which number is right, and changes nothing', async () => {
    await number(38, ['a.org', 'b.org']);
    const before = await numbers();
    const { stderr, exitCode } = await platform.run('instances', 'repair', '--all');
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('2 instances').and.to.contain('fleet.indexes_version');
    expect(await numbers()).to.deep.equal(before);
  });

  it('leaves the number of one that is named there, and of all where they are well', async () => {
    await number(38);
    expect((await platform.run('instances', 'repair', 'a.org')).stdout).to.contain('Nothing had to be');
    expect(await numbers()).to.deep.equal([38, 38, 38, 38, 38]);
    await number(39);
    expect((await platform.run('instances', 'repair', '--all')).exitCode).to.equal(0);
  });

  it('leaves what is newer than the number that the operator says', async () => {
    await number(39);
    expect((await repair(saying[38], '--all')).exitCode).to.equal(0);
    expect(await numbers()).to.deep.equal([39, 39, 39, 39, 39]);
  });

  describe('where the operator says it', () => {
    before(async () => {
      await platform.stopWorker();
      await platform.startWorker(saying[39]);
    });

    after(async () => {
      await platform.stopWorker();
      await platform.startWorker();
    });

    it('writes it and nothing else, at the rate that is asked for', async () => {
      await number(38);
      const { _rev: _, ...before } = await instance('c.org');
      const start = performance.now();
      const { stdout, stderr, exitCode } = await repair(saying[39], '--all', '--rate', '4');
      expect(exitCode, stderr).to.equal(0);
      expect(performance.now() - start).to.be.at.least(1_000);
      expect(stdout).to.contain('5 repaired');
      expect(await numbers()).to.deep.equal([39, 39, 39, 39, 39]);
      const { _rev: __, ...after } = await instance('c.org');
      expect(after).to.deep.equal({ ...before, indexes_version: 39 });
    });

    it('does not write it while a design document is missing for good', async () => {
      await number(38, ['d.org']);
      await platform.server.deleteDatabase(databaseName(prefixOf('d.org'), 'io.cozy.jobs'));
      const { exitCode } = await repair(saying[39], '--all');
      expect(exitCode).to.equal(68);
      expect((await instance('d.org')).indexes_version).to.equal(38);
      expect((await repair(saying[39], 'd.org', '--recreate-empty', '--force')).exitCode).to.equal(0);
      expect((await instance('d.org')).indexes_version).to.equal(39);
    });

    it('leaves a reservation, and what is being deleted, as it is', async () => {
      await number(38, ['e.org']);
      await platform.server.putDocument(INSTANCES, { ...(await instance('e.org')), deleting: true });
      await repair(saying[39], '--all');
      const { deleting, ...rest } = await instance('e.org');
      expect({ deleting, version: rest.indexes_version }).to.deep.equal({ deleting: true, version: 38 });
      await platform.server.putDocument(INSTANCES, rest);
    });

    it('takes a rate for many only, and a whole number', async () => {
      expect(await repair(saying[39], 'a.org', '--rate', '5')).to.include({ exitCode: 2 });
      expect(await repair(saying[39], '--all', '--rate', '0')).to.include({ exitCode: 2 });
    });
  });

  it('follows the sign of a stack', async () => {
    await number(38);
    await withStackOf39(async () => {
      await platform.stopWorker();
      await platform.startWorker();
      const { stderr, exitCode } = await platform.run('instances', 'repair', '--all');
      expect(exitCode, stderr).to.equal(0);
      expect(await numbers()).to.deep.equal([39, 39, 39, 39, 39]);
    });
  });

  it('is not done by a worker that cannot tell, whatever the command could', async () => {
    await number(38);
    await platform.stopWorker();
    await platform.startWorker();
    expect((await repair(saying[39], 'a.org')).stdout).to.contain('Nothing had to be');
    expect((await instance('a.org')).indexes_version).to.equal(38);
  });
});
