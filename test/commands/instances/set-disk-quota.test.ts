import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('instances set-disk-quota', () => {
  let platform: CliPlatform;
  const set = (...argv: string[]): Promise<Ran> => platform.run('instances', 'set-disk-quota', ...argv);
  const find = async () => (await findByNames(platform.server, ['cli.example.org'])).at(0);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [{ domain: 'cli.example.org' }]);
  });

  after(() => platform.close());

  it('changes the quota without a word', async () => {
    expect(await set('cli.example.org', '5GiB')).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    expect(await find()).to.include({ disk_quota: '5368709120' });
  });

  it('takes the limit away for 0', async () => {
    expect(await set('cli.example.org', '0')).to.deep.equal({ stdout: '', stderr: '', exitCode: 0 });
    expect(await find()).not.to.have.property('disk_quota');
  });

  it('prints the instance with --json', async () => {
    const { stdout } = await set('cli.example.org', '1,000', '--json');
    expect(JSON.parse(stdout).attributes).to.include({ disk_quota: '1000' });
  });

  it('says what is wrong with a size', async () => {
    const { stdout, stderr, exitCode } = await set('cli.example.org', 'lots');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 2 });
    expect(stderr).to.match(/^Error: Could not parse disk-quota: not a size: "lots"\n/);
  });

  it('needs both arguments', async () => {
    expect(await set('cli.example.org')).to.include({ exitCode: 2, stdout: '' });
  });

  it('does not know an instance that is not there', async () => {
    const { stderr, exitCode } = await set('nobody.example.org', '5GB');
    expect(stderr).to.match(/^Error: Not Found: Instance not found\n/);
    expect(exitCode).to.equal(1);
  });
});
