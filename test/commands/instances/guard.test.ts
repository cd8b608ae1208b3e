import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('the guard of the fleet', () => {
  let platform: CliPlatform;
  let file: string;

  before(async () => {
    platform = await startPlatform();
    const names = (count: number, context: string) =>
      Array.from({ length: count }, (_, n) => ({ domain: `${context}${n}.guard.org`, context }));
    await putInstances(platform.server, [...names(21, 'many'), ...names(20, 'few'), ...names(9, 'other')]);
    const rows = Array.from({ length: 21 }, (_, n) => `many${n}.guard.org`);
    file = await platform.write('many.csv', ['domain', ...rows]);
  });

  after(() => platform.close());

  const block = ['--blocking-reason', 'LEFT', '--async'];

  it('stops a command that would destroy too many, though nobody is to be asked', async () => {
    const before = await platform.everything();
    const { stderr, exitCode } = await platform.run('instances', 'destroy', '--context', 'many', '--force');
    expect(stderr).to.contain('21 of 50 instances would be destroyed or blocked, which is more than 5 %');
    expect(stderr).to.contain('--however-many 21');
    expect(exitCode).to.equal(1);
    expect((await platform.everything()).filter((each) => !before.includes(each))).to.deep.equal([]);
  });

  it('wants the very number', async () => {
    const argv = ['instances', 'modify', '--from', file, ...block, '--however-many', '20'];
    const { stderr, exitCode } = await platform.run(...argv);
    expect(stderr).to.contain('21 instances would be destroyed or blocked, and not 20');
    expect(exitCode).to.equal(1);
  });

  it('lets so many pass where their number is typed', async () => {
    const argv = ['instances', 'modify', '--from', file, ...block];
    const refused = await platform.spawn(argv, '20\n').ended;
    expect(refused.stderr).to.contain('Error: Aborted');
    const { exitCode, stderr } = await platform.spawn(argv, '21\n').ended;
    expect(exitCode, stderr).to.equal(0);
  });

  it('tells who cannot be asked the flag that lets so many pass', async () => {
    const { stderr, exitCode } = await platform.spawn(['instances', 'modify', '--from', file, ...block], '')
      .ended;
    expect(stderr).to.contain('Scripts need --however-many 21.').and.not.contain('--force');
    expect(exitCode).to.equal(2);
  });

  it('asks for no change that leaves all of them to their owners', async () => {
    const argv = ['instances', 'modify', '--from', file, '--locale', 'fr', '--async', '--skip-invalid'];
    const { stderr } = await platform.run(...argv);
    expect(stderr).not.to.contain('fleet.guard');
  });

  it('lets few pass', async () => {
    const argv = ['instances', 'modify', '--context', 'few', ...block, '--force'];
    const { exitCode, stderr } = await platform.run(...argv);
    expect(exitCode, stderr).to.equal(0);
  });

  it('is told by a dry run', async () => {
    const argv = ['instances', 'destroy', '--context', 'many', '--dry-run', '--json'];
    const { stdout, exitCode } = await platform.run(...argv);
    expect(JSON.parse(stdout).guard).to.deep.equal({ number: 21, of: 50, percent: 5 });
    expect(exitCode).to.equal(10);
  });

  it('stops a plan as it stops the command', async () => {
    const plan = `${file}.plan`;
    await platform.run('instances', 'destroy', '--context', 'many', '--dry-run', '--plan-file', plan);
    const { stderr, exitCode } = await platform.run('batches', 'submit', plan, '--force');
    expect(stderr).to.contain('more than 5 % (fleet.guard)');
    expect(exitCode).to.equal(1);
    expect(await findByNames(platform.server, ['many0.guard.org'])).to.have.lengthOf(1);
  });
});
