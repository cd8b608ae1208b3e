import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { runCommand } from '../support/cli-platform.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const run = promisify(execFile);

/** Completes the last word of a line as bash does; the first argument is the script. */
const COMPLETE = `
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMP_LINE="$*"; COMPREPLY=()
name=$(complete -p cozy-fleet); name=\${name##*-F }; name=\${name%% *}
"$name" cozy-fleet "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`;

describe('autocomplete', () => {
  let directory: TemporaryDirectory;
  const { XDG_CACHE_HOME: usual } = process.env;

  before(async () => {
    directory = await temporaryDirectory('completion');
    process.env['XDG_CACHE_HOME'] = directory.path;
  });

  after(async () => {
    if (usual === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = usual;
    await directory.remove();
  });

  it('makes what bash completes commands and flags with', async () => {
    expect(await runCommand('autocomplete', 'bash')).to.include({ exitCode: 0 });
    const file = join(directory.path, 'cozy-fleet', 'autocomplete', 'functions', 'bash', 'cozy-fleet.bash');
    const completed = async (...words: string[]) => {
      const { stdout } = await run('bash', ['-c', COMPLETE, 'bash', file, 'cozy-fleet', ...words]);
      return [...new Set(stdout.trim().split('\n'))];
    };
    expect(await completed('jo')).to.deep.equal(['jobs']);
    expect(await completed('jobs', 'lo')).to.deep.equal(['logs']);
    expect(await completed('jobs', 'logs', '--fo')).to.deep.equal(['--follow']);
  });

  it('says how to have it in each new shell', async () => {
    const { stdout, exitCode } = await runCommand('autocomplete', 'script', 'zsh');
    expect(stdout).to.include('_SETUP_PATH').and.include('cozy-fleet');
    expect(exitCode).to.equal(0);
  });
});
