import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { writeStdout } from '../../../src/cli/terminal/write-stdout.ts';
import { ownModule } from '../../support/own-process.ts';
import { SOURCES } from '../../support/sources.ts';

const { file: GUARD, execArgv } = ownModule('../../../src/cli/terminal/guard-output', import.meta.url);

/** The words of a command line that runs a piece of a program behind the guard. */
function guarded(code: string): string[] {
  const program = `import { guardOutput } from ${JSON.stringify(pathToFileURL(GUARD).href)}; guardOutput(process); ${code}`;
  return [...execArgv, '--input-type=module', '--eval', program];
}

async function ran(code: string): Promise<{ stdout: string; stderr: string; code?: number }> {
  return await promisify(execFile)(process.execPath, guarded(code)).catch((error) => error);
}

/** The same with its stdout on a disk that is full. */
function ranOnFullDisk(code: string): { stderr: string; status: number | null } {
  const full = openSync('/dev/full', 'w');
  try {
    return spawnSync(process.execPath, guarded(code), { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  } finally {
    closeSync(full);
  }
}

describe('the guard of the output', () => {
  it('holds for whoever writes, in texts and in bytes', async () => {
    const { stdout, stderr } = await ran(`
      console.log('a\\u001b[2Jb');
      console.error('a\\u009b2Jb\\u202ec');
      process.stdout.write(Buffer.from('a\\u0007b\\tc\\n'));
      process.stderr.write('a\\u200bb\\n', () => process.stdout.write('written\\n'));
    `);
    expect(stdout).to.equal('a [2Jb\na b\tc\nwritten\n');
    expect(stderr).to.equal('a 2Jb c\na b\n');
  });

  it('leaves nothing of colours', async () => {
    expect((await ran("console.log('\\u001b[1mUSAGE\\u001b[22m')")).stdout).to.equal('USAGE\n');
  });

  for (const crash of ['throw new Error(evil)', 'Promise.reject(new Error(evil))']) {
    it(`holds for what crashes the process: ${crash}`, async () => {
      const { stderr, code } = await ran(`const evil = 'a\\u001b]0;b\\u0007c'; ${crash};`);
      expect(stderr).to.match(/^Error: a ]0;b c\n/);
      expect(code).to.equal(1);
    });
  }

  for (const write of [
    "console.log('a')",
    "await new Promise((done, failed) => process.stdout.write('a', (error) => (error ? failed(error) : done())))",
  ]) {
    it(`says in a sentence that a disk is full: ${write}`, () => {
      const { stderr, status } = ranOnFullDisk(`await import('@oclif/core'); ${write};`);
      expect(stderr).to.equal(
        'Error: standard output cannot be written: no space left on device; what was printed is not whole\n' +
          'What the command had begun may go on or be done: look before you run it again.\n',
      );
      expect(status).to.equal(1);
    });
  }

  it('is passed by drawings and by files that are made with >, and by nothing else', () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const textOf = (file: string): string => readFileSync(new URL(file, SOURCES), 'utf8');
    const passing = files.filter((file) => textOf(file).includes('writerOf('));
    expect(passing.sort()).to.deep.equal([
      'cli/batches/batch-display.ts',
      'cli/terminal/guard-output.ts',
      'cli/terminal/write-stdout.ts',
    ]);
    const around = files.filter((file) =>
      /\bwriteSync\(\s*[12]\b|_rawDebug|console\.|\/dev\/(?:tty|std)/.test(textOf(file)),
    );
    expect(around).to.deep.equal([]);
  });
});

describe('what a listing writes', () => {
  async function written(isTTY: boolean): Promise<string> {
    const { PassThrough } = await import('node:stream');
    const stream = Object.assign(new PassThrough(), { isTTY });
    await writeStdout(
      'a\u001b[2J\u200b,"b\r\n"\n',
      Object.assign(Object.create(process.stdout), stream, { isTTY, write: stream.write.bind(stream) }),
    );
    return String(stream.read());
  }

  it('is exact for a file or a program', async () => {
    expect(await written(false)).to.equal('a\u001b[2J\u200b,"b\r\n"\n');
  });

  it('steers no terminal', async () => {
    expect(await written(true)).to.equal('a [2J ,"b \n"\n');
  });
});
