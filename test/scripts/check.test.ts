import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/check.mjs', import.meta.url));

describe('all checks at once', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('check');
  });

  afterEach(() => directory.remove());

  /** What is printed without the times, and the exit code. */
  async function check(scripts: Readonly<Record<string, string>>) {
    await writeFile(join(directory.path, 'package.json'), JSON.stringify({ scripts }));
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, directory.path], {
      encoding: 'utf8',
    });
    return { status, stdout: stdout.replace(/\d+\.\d s/g, '0 s'), stderr };
  }

  it('pass when each passes, and say what each has said', async () => {
    const ran = await check({
      build: 'exit 1',
      'check:a': 'echo fine; echo "well done" >&2',
      'check:b': 'true',
    });
    expect(ran).to.include({ status: 0, stderr: '' });
    expect(ran.stdout).to.include('passed  check:a  (0 s)\n  fine\n  well done\n');
    expect(ran.stdout).to.include('passed  check:b  (0 s)\n');
  });

  it('fail when one fails, and the others are run to their end', async () => {
    const ran = await check({
      'check:a': 'sleep 0.3; echo late',
      'check:b': 'echo wrong; exit 3',
      'check:c': 'exit 1',
    });
    expect(ran.status).to.equal(1);
    expect(ran.stdout).to.include('FAILED  check:b  (0 s)\n  wrong\n');
    expect(ran.stdout).to.include('passed  check:a  (0 s)\n  late\n');
    expect(ran.stderr).to.match(/^2 of 3 checks failed: check:[bc], check:[bc]\n$/);
  });

  it('fail when one is ended by a signal', async () => {
    const ran = await check({ 'check:a': 'kill -9 $$' });
    expect(ran).to.include({ status: 1, stderr: '1 of 1 checks failed: check:a\n' });
  });

  it('run side by side', async () => {
    // Each waits for the other one's file.
    const waiting = (mine: string, other: string) =>
      `touch ${mine}; until [ -e ${other} ]; do sleep 0.05; done`;
    const ran = await check({ 'check:a': waiting('a', 'b'), 'check:b': waiting('b', 'a') });
    expect(ran.status).to.equal(0);
  });
});
