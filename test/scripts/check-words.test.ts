import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/check-words.mjs', import.meta.url));

describe('the check of words', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('words');
    await write('test/a.test.ts', '');
  });

  afterEach(() => directory.remove());

  async function write(file: string, text: string): Promise<void> {
    const path = join(directory.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  function check(): { readonly status: number | null; readonly said: string } {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, directory.path], { encoding: 'utf8' });
    return { status, said: stderr };
  }

  it('passes what has the words of today', async () => {
    await write('src/wait-limit.ts', 'export interface WaitLimit {}\nexport const TIMEOUT_MS = 5;\n');
    expect(check()).to.deep.equal({ status: 0, said: '' });
  });

  it('refuses an export of a name that was left, with its place and the one of today', async () => {
    await write('src/a.ts', '\nexport function onboardingLink() {}\n');
    expect(check()).to.deep.equal({
      status: 1,
      said: 'src/a.ts:2: onboardingLink is called registrationLink now\n',
    });
  });

  it('refuses a file of a name that was left, be it a test', async () => {
    await write('src/instances/doctypes.ts', '');
    await write('test/instances/doctypes.test.ts', '');
    const { status, said } = check();
    expect(status).to.equal(1);
    expect(said.split('\n').filter((line) => line.includes('are called databases now'))).to.have.length(2);
  });

  it('refuses a constant of time that does not say its unit', async () => {
    await write('src/a.ts', 'export const LOCK_DURATION = 5;\n');
    expect(check().said).to.contain('src/a.ts:1: the constant lacks its unit');
  });
});
