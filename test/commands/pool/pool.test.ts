import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { newPoolPrefix } from '../../../src/instances/databases/pool-prefix.ts';
import { createPoolStore, POOL } from '../../../src/instances/pool/pool-store.ts';
import {
  type CliPlatform,
  type Ran,
  runCommand,
  spawnCommand,
  startPlatform,
} from '../../support/cli-platform.ts';

describe('commands of the pool', function () {
  this.timeout(120_000);

  let platform: CliPlatform;
  let file: string;

  before(async () => {
    platform = await startPlatform();
    const text = await readFile(platform.configFile, 'utf8');
    file = await platform.write(
      'pool.yaml',
      text.replace(/^fleet:$/m, 'fleet:\n  pool: { size: 2, low: 0 }').split('\n'),
    );
  });

  after(() => platform.close());

  afterEach(async () => {
    await platform.stopWorker();
    await platform.run('pool', 'drain', '--force');
  });

  const run = (...argv: string[]): Promise<Ran> => runCommand('pool', ...argv, '--config', file);

  const states = async () => (await createPoolStore(platform.server).list()).items.map(({ state }) => state);

  const put = async (state: 'ready' | 'claimed') => {
    const about = {
      cluster: 0,
      definitions: 'a'.repeat(32),
      fleet: platform.config.fleet.prefix,
      job: 'job',
    };
    return await createPoolStore(platform.server).add(newPoolPrefix(), { state, ...about });
  };

  it('fill it and say how far, show it, and empty it', async () => {
    await platform.startWorker(file);
    const filled = await run('fill');
    expect(filled.stdout).to.equal('Cluster 0: 2 ready\n');
    expect(filled.exitCode).to.equal(0);
    const shown = JSON.parse((await run('ls', '--json', '--items')).stdout);
    expect(shown).to.include({ size: 2, low: 0, reserve: 1 });
    expect(shown.clusters).to.have.length(1);
    expect(shown.clusters[0]).to.include({
      cluster: 0,
      open: true,
      ready: 2,
      filling: 0,
      claimed: 0,
      removing: 0,
    });
    expect(shown.items).to.have.length(2);
    const databases = await platform.server.listDatabases('cozy');
    const drained = await run('drain', '--force');
    expect(drained.stdout).to.equal('2 items were removed.\n');
    expect(drained.stderr).to.match(/It is filled again/);
    expect(await states()).to.deep.equal([]);
    expect((await platform.server.listDatabases('cozy')).length).to.equal(databases.length - 32);
  });

  it('fill it further than it is kept, where that is asked for', async () => {
    await platform.startWorker(file);
    expect((await run('fill', '--cluster', '0', '--to', '3')).stdout).to.equal('Cluster 0: 3 ready\n');
    expect(await states()).to.have.length(3);
  });

  it('leave without waiting, or when the time is over, with the code for that', async () => {
    const queued = await run('fill', '--async');
    expect([queued.exitCode, queued.stdout.replace(/[0-9a-f-]{36}/g, 'ID')]).to.deep.equal([
      0,
      'Cluster 0: queued as job ID. Watch it: cozy-fleet jobs watch ID\n',
    ]);
    const late = await run('fill', '--wait', '1s');
    expect([late.exitCode, late.stdout]).to.satisfy(
      ([code, text]: [number, string]) =>
        code === 69 && /^Cluster 0: 0 of 2 ready; job \S+ goes on\.\n$/.test(text),
    );
    await platform.startWorker(file);
    expect((await run('fill')).exitCode).to.equal(0);
  });

  it('refuse to fill where there is no pool, no such cluster, or no item to be made', async () => {
    const without = await platform.run('pool', 'fill');
    expect([without.exitCode, without.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && /there is no pool/.test(text),
    );
    expect((await run('fill', '--cluster', '4')).exitCode).to.equal(2);
    expect((await run('fill', '--to', '10001')).exitCode).to.equal(2);
    expect((await run('fill', '--to', '0')).exitCode).to.equal(2);
  });

  it('ask before they empty it, and leave what a job is at', async () => {
    const claimed = await put('claimed');
    await put('ready');
    const { ended } = spawnCommand(['pool', 'drain', '--config', file], 'no\n');
    const refused = await ended;
    expect(refused.exitCode).to.equal(1);
    expect(await states()).to.have.members(['claimed', 'ready']);
    const agreed = await spawnCommand(['pool', 'drain', '--config', file], 'yes\n').ended;
    expect(agreed.stderr).to.match(/1 items stay/);
    expect(await states()).to.deep.equal(['claimed']);
    await createPoolStore(platform.server).forget(claimed);
  });

  it('empty it where it is switched off, and say that nothing fills it again', async () => {
    await put('ready');
    const drained = await platform.run('pool', 'drain', '--force', '--json');
    expect(JSON.parse(drained.stdout)).to.deep.equal({
      removed: 1,
      left: 0,
      unreachable: 0,
      late: 0,
      kept: 0,
    });
    expect(drained.stderr).to.match(/Nothing fills it again/);
    expect((await platform.run('pool', 'ls')).stdout).to.match(/^No pool: fleet\.pool\.size is 0/);
  });

  it('show documents that are none of ours, and leave them', async () => {
    const rev = await platform.server.putDocument(POOL, { _id: 'somebody' });
    expect((await run('ls')).stdout).to.match(/1 documents that are none of ours: somebody/);
    await platform.server.deleteDocument(POOL, 'somebody', rev);
  });
});
