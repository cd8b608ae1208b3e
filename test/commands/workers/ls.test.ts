import { expect } from 'chai';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';

describe('workers ls', () => {
  let platform: CliPlatform;

  before(async () => {
    platform = await startPlatform();
  });

  after(() => platform.close());

  it('says when there is none', async () => {
    const { stdout, stderr, exitCode } = await platform.run('workers', 'ls');
    expect(stdout).to.equal('');
    expect(stderr).to.equal('No worker is running. Start one: cozy-fleet workers start\n');
    expect(exitCode).to.equal(0);
    expect(JSON.parse((await platform.run('workers', 'ls', '--json')).stdout)).to.deep.equal([]);
  });

  it('lists those that live', async () => {
    await platform.startWorker();
    const { stdout } = await platform.run('workers', 'ls');
    const [line = '', ...rest] = stdout.split('\n');
    expect(rest).to.deep.equal(['']);
    const [id, , pid, running, since, waitsFor, version, ...others] = line.split('\t');
    expect([pid, running, waitsFor]).to.deep.equal([String(process.pid), '0/4', '-']);
    expect(version).to.match(/^\d+\.\d+\.\d+/);
    expect(others).to.deep.equal(['0', '0', 'alive', '-']);
    expect(since).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const json = JSON.parse((await platform.run('workers', 'ls', '--json')).stdout);
    expect(json).to.have.length(1);
    expect(json[0]).to.include({ id, pid: process.pid, running: 0, concurrency: 4, waitsFor: '' });
    expect(json[0]).to.include({ version, done: 0, failed: 0, silent: false });
  });

  it('forgets one that has stopped', async () => {
    await platform.startWorker();
    await platform.stopWorker();
    expect(JSON.parse((await platform.run('workers', 'ls', '--json')).stdout)).to.deep.equal([]);
  });
});
