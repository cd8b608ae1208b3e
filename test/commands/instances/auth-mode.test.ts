import { expect } from 'chai';
import { findByNames } from '../../../src/instances/lookup/lookup.ts';
import { type CliPlatform, type Ran, startPlatform } from '../../support/cli-platform.ts';
import { putInstances } from '../../support/put-instances.ts';

describe('instances auth-mode', () => {
  let platform: CliPlatform;
  const set = (...argv: string[]): Promise<Ran> => platform.run('instances', 'auth-mode', ...argv);
  const find = async () => (await findByNames(platform.server, ['cli.example.org'])).at(0);

  before(async () => {
    platform = await startPlatform();
    await putInstances(platform.server, [{ domain: 'cli.example.org' }]);
  });

  after(() => platform.close());

  it('changes the mode', async () => {
    const stdout = 'Auth mode has been changed for cli.example.org\n';
    expect(await set('cli.example.org', 'two_factor_mail')).to.deep.equal({
      stdout,
      stderr: '',
      exitCode: 0,
    });
    expect(await find()).to.include({ auth_mode: 1 });
  });

  it('says that it is the mode already', async () => {
    const stdout = '"Instance has already two_factor_mail auth mode"\n';
    expect(await set('cli.example.org', 'two_factor_mail')).to.deep.equal({
      stdout,
      stderr: '',
      exitCode: 0,
    });
  });

  it('goes back to the basic one', async () => {
    await set('cli.example.org', 'basic');
    expect(await find()).not.to.have.property('auth_mode');
  });

  it('does not know any other', async () => {
    const { stdout, stderr, exitCode } = await set('cli.example.org', 'nonsense');
    expect({ stdout, exitCode }).to.deep.equal({ stdout: '', exitCode: 2 });
    expect(stderr).to.match(/^Error: Bad Request: Unknown authentication mode\nUse one of basic, /);
  });

  it('prints the instance with --json', async () => {
    const { stdout } = await set('cli.example.org', 'two_factor_oidc', '--json');
    expect(JSON.parse(stdout).attributes).to.include({ auth_mode: 2 });
  });
});
