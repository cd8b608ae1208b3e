import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/count-arrows.mjs', import.meta.url));

/** More than the least median asks for. */
const LINES = 80;

describe('the count of arrows', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('arrows');
  });

  afterEach(() => directory.remove());

  /** Writes a source that imports others, each by its path from there. */
  async function write(file: string, imports: readonly string[] = [], lines = LINES): Promise<void> {
    const path = join(directory.path, file);
    await mkdir(dirname(path), { recursive: true });
    const first = imports.map((target) => `import '${target}';`);
    const rest = Array.from({ length: lines - first.length }, (_, at) => `// ${at}`);
    await writeFile(path, [...first, ...rest, ''].join('\n'));
  }

  /** Three files and no arrow. */
  async function writeRoom(room: string): Promise<void> {
    for (const name of ['a', 'b', 'c']) await write(`${room}/${name}.ts`);
  }

  function count(): { readonly status: number | null; readonly said: string[]; readonly table: string[][] } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, directory.path], {
      encoding: 'utf8',
    });
    const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
    return { status, said: linesOf(stderr), table: linesOf(stdout).map((line) => line.trim().split(/\s+/)) };
  }

  /** What the table says of a folder, by the titles of its columns. */
  function rowOf(folder: string): Record<string, string> {
    const [titles = [], ...rows] = count().table;
    const row = rows.find(([name]) => name === folder) ?? [];
    return Object.fromEntries(titles.map((title, at) => [title, row[at] ?? '']));
  }

  it('counts each pair of children once, files and rooms alike', async () => {
    await writeRoom('x/inner');
    await write('x/a.ts', ['./b.ts', './inner/a.ts', './inner/b.ts']);
    await write('x/b.ts', ['./inner/c.ts']);
    await write('x/inner/c.ts', ['./a.ts']);
    expect(rowOf('x')).to.include({ children: '3', files: '2', arrows: '3', circles: '0' });
    expect(rowOf('x/inner')).to.include({ children: '3', files: '3', arrows: '1' });
    expect(rowOf('all')).to.include({ children: '1', files: '0', arrows: '0' });
  });

  it('reads imports over several lines, of types, of what is exported again, and on demand', async () => {
    await writeRoom('x');
    const text = [
      "import type {\n  A,\n} from './a.ts';",
      "export { b } from './b.ts';",
      "const c = await import('./c.ts');",
      "import 'node:fs';",
      "import './gone.ts';",
    ];
    await writeFile(join(directory.path, 'x', 'd.ts'), `${text.join('\n')}\n`);
    expect(rowOf('x')).to.include({ arrows: '3' });
  });

  it('tells circles, of files and of rooms', async () => {
    await write('x/a.ts', ['./b.ts']);
    await write('x/b.ts', ['./c.ts']);
    await write('x/c.ts', ['./a.ts', '../y/b.ts']);
    await write('y/a.ts', ['../x/a.ts']);
    await write('y/b.ts');
    await write('y/c.ts');
    expect(rowOf('x')).to.include({ circles: '1' });
    expect(rowOf('y')).to.include({ circles: '0' });
    expect(rowOf('all')).to.include({ circles: '1' });
  });

  it('measures how long the files are', async () => {
    for (const [name, lines] of Object.entries({ a: 70, b: 90, c: 100, d: 250 })) {
      await write(`x/${name}.ts`, [], lines);
    }
    expect(rowOf('x')).to.include({ median: '95', longest: '250' });
  });

  it('is content where no limit is broken', async () => {
    await writeRoom('x');
    await write('commands/one/only.ts');
    await write('hall/errors.ts');
    await writeRoom('hall/first');
    await writeRoom('hall/second');
    expect(count()).to.deep.include({ status: 0, said: [] });
  });

  it('refuses too many arrows in a room that has a limit', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const [at, name] of names.entries()) {
      const others = names.filter((_, other) => other !== at).map((other) => `./${other}.ts`);
      await write(`cli/${name}.ts`, others);
      await write(`other/${name}.ts`, others);
    }
    expect(count()).to.deep.include({ status: 1, said: ['cli has 30 arrows, more than 20'] });
  });

  it('refuses a room with too little in it', async () => {
    await write('x/a.ts');
    await write('x/b.ts');
    expect(count()).to.deep.include({
      status: 1,
      said: ['x has 2 children, fewer than 3'],
    });
  });

  it('refuses a room with too many files', async () => {
    for (let at = 0; at < 26; at += 1) await write(`x/f${at}.ts`);
    expect(count()).to.deep.include({ status: 1, said: ['x has 26 files, more than 25'] });
  });

  it('refuses a file that is too long', async () => {
    await writeRoom('x');
    await write('x/d.ts', [], 301);
    expect(count()).to.deep.include({ status: 1, said: ['x/d.ts has 301 lines, more than 300'] });
  });

  it('refuses files that are too short in the middle', async () => {
    for (const name of ['a', 'b', 'c']) await write(`x/${name}.ts`, [], 59);
    expect(count()).to.deep.include({
      status: 1,
      said: ['the median of all files is 59 lines, less than 60'],
    });
  });
});
