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
});
