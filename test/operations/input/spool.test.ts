import { execFile } from 'node:child_process';
import { appendFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type SpooledInput, spoolInput } from '../../../src/operations/input/spool.ts';
import { collect, inChunks, inputErrorOf, withDirectory } from './helpers.ts';

const run = promisify(execFile);
const noStdin = Readable.from([]);

async function textOf(input: SpooledInput): Promise<string> {
  return Buffer.concat(await collect<Buffer>(input.open())).toString();
}

/** Lets temporary files go to `directory` while `work` runs. */
async function withTemporaryIn<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = directory;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

describe('spoolInput', () => {
  it('reads a file in place, as often as asked', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'school.csv');
      const content = `domain\n${'a.example.org\n'.repeat(20_000)}`;
      await writeFile(file, content);
      const input = await spoolInput(file, noStdin);
      expect(input).to.include({ name: file, size: content.length });
      expect(await textOf(input)).to.equal(content);
      expect(await textOf(input)).to.equal(content);
      await input.close();
    }));

  it('goes on with the file it opened when another takes its name', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'school.csv');
      await writeFile(file, 'domain\na.example.org\n');
      const input = await spoolInput(file, noStdin);
      await writeFile(join(directory, 'new'), 'other\n');
      await rename(join(directory, 'new'), file);
      expect(await textOf(input)).to.equal('domain\na.example.org\n');
      await input.close();
    }));

  it('fails when the file changed between two passes', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'school.csv');
      await writeFile(file, 'domain\na.example.org\n');
      const input = await spoolInput(file, noStdin);
      await textOf(input);
      await appendFile(file, 'b.example.org\n');
      const error = await inputErrorOf(textOf(input));
      expect(error).to.include({ code: 'file_changed' });
      expect(error.place).to.deep.equal({ file });
      await input.close();
    }));

  it('fails when the file changed during a pass', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'school.csv');
      await writeFile(file, 'x'.repeat(500_000));
      const input = await spoolInput(file, noStdin);
      const reading = async () => {
        let chunks = 0;
        for await (const _ of input.open()) {
          chunks += 1;
          if (chunks === 1) await appendFile(file, 'y');
        }
      };
      expect(await inputErrorOf(reading())).to.include({ code: 'file_changed' });
      await input.close();
    }));

  it('keeps standard input readable twice, in a file that has no name', () =>
    withDirectory(async (directory) => {
      const input = await withTemporaryIn(directory, () =>
        spoolInput('-', inChunks('domain\na.example.org\n')),
      );
      expect(input).to.include({ name: 'standard input', size: 21 });
      expect(await readdir(directory)).to.deep.equal([]);
      expect(await textOf(input)).to.equal('domain\na.example.org\n');
      expect(await textOf(input)).to.equal('domain\na.example.org\n');
      await input.close();
    }));

  it('keeps what comes through a pipe', () =>
    withDirectory(async (directory) => {
      const pipe = join(directory, 'pipe');
      await run('mkfifo', [pipe]);
      const [input] = await Promise.all([
        spoolInput(pipe, noStdin),
        writeFile(pipe, 'domain\na.example.org\n'),
      ]);
      expect(await textOf(input)).to.equal('domain\na.example.org\n');
      expect(await textOf(input)).to.equal('domain\na.example.org\n');
      await input.close();
    }));

  it('leaves nothing behind when standard input breaks', () =>
    withDirectory(async (directory) => {
      async function* breaking() {
        yield Buffer.from('domain\n');
        throw new Error('broken');
      }
      const work = withTemporaryIn(directory, () => spoolInput('-', Readable.from(breaking())));
      expect(await work.then(String, String)).to.equal('Error: broken');
      expect(await readdir(directory)).to.deep.equal([]);
    }));

  it('says where to look when the copy cannot be kept', () =>
    withDirectory(async (directory) => {
      const nowhere = join(directory, 'nowhere');
      const work = withTemporaryIn(nowhere, () => spoolInput('-', inChunks('domain\n')));
      expect(await work.then(String, String)).to.include(nowhere);
    }));

  it('refuses a file that is not there', async () => {
    const error = await inputErrorOf(spoolInput('/nowhere/school.csv', noStdin));
    expect(error).to.include({ code: 'unreadable_file', message: 'There is no such file.' });
    expect(error.place).to.deep.equal({ file: '/nowhere/school.csv' });
  });

  it('refuses a directory', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'school.csv'));
      const error = await inputErrorOf(spoolInput(join(directory, 'school.csv'), noStdin));
      expect(error).to.include({ code: 'not_a_file', message: 'This is a directory.' });
    }));

  it('refuses a device', async () => {
    expect(await inputErrorOf(spoolInput('/dev/null', noStdin))).to.include({ code: 'not_a_file' });
  });

  it('refuses an empty file and an empty standard input', () =>
    withDirectory(async (directory) => {
      const file = join(directory, 'school.csv');
      await writeFile(file, '');
      expect((await inputErrorOf(spoolInput(file, noStdin))).place).to.deep.equal({ file });
      expect(await inputErrorOf(spoolInput('-', Readable.from([])))).to.include({ code: 'empty_file' });
    }));
});
