import { expect } from 'chai';
import { runCommand } from '../support/cli-platform.ts';

describe('a command line that is wrong', () => {
  it('names the flag that is neither true nor false, not the domain beside it', async () => {
    const ran = await runCommand('instances', 'modify', 'bob.localhost:8090', '--blocked=maybe');
    expect(ran.stderr).to.equal('Error: --blocked: "maybe" is neither true nor false\n');
    expect(ran.exitCode).to.equal(2);
  });

  it('does not say yes and no at once', async () => {
    const ran = await runCommand('instances', 'modify', 'bob.localhost:8090', '--blocked', '--blocked=false');
    expect(ran.stderr).to.equal('Error: Flag --blocked can only be specified once\n');
    expect(ran.exitCode).to.equal(2);
  });

  it('names such a flag of any command', async () => {
    const ran = await runCommand('instances', 'ls', '--json=maybe');
    expect(ran.stderr).to.equal('Error: --json: "maybe" is neither true nor false\n');
    expect(ran.exitCode).to.equal(2);
  });

  it('names the flag that may have been meant, and not what it was given', async () => {
    const ran = await runCommand(
      'instances',
      'add',
      'bob.example.org',
      '--pasphrase=Correct Horse',
      '--local=fr',
    );
    expect(ran.stderr).to.contain('Error: Nonexistent flags: --pasphrase, --local\n');
    expect(ran.stderr).to.contain('Did you mean --passphrase, --locale?\n').and.not.contain('Horse');
    expect(ran.exitCode).to.equal(2);
  });

  it('names the command that may have been meant', async () => {
    const ran = await runCommand('instances', 'ad', 'bob.example.org');
    expect(ran.stderr).to.contain(
      'There is no command "cozy-fleet instances ad". Did you mean "cozy-fleet instances add"?',
    );
    expect(ran.exitCode).to.equal(2);
  });

  it('says of a command that it takes flags only', async () => {
    const ran = await runCommand('instances', 'ls', 'bob.localhost:8090');
    expect(ran.stderr).to.contain(
      '"cozy-fleet instances ls" takes flags only. See cozy-fleet instances ls --help.',
    );
    expect(ran.exitCode).to.equal(2);
  });
});
