// Compiles sources and tests into build/, from scratch, so that nothing stale is ever tested: a process that starts from
// TypeScript costs twice the time of one that was compiled, and the tests start hundreds.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');

/** Folders of TypeScript. */
const COMPILED = ['src', 'test', 'bench'];

/** What sources and tests read, by its place beside them. */
const BESIDE = [
  'scripts',
  'package.json',
  'package-lock.json',
  'README.md',
  'redis.conf',
  'locales',
  'assets',
  'examples',
];

/** All files below a directory, by their path from there. */
function allFiles(directory, path = '') {
  return readdirSync(join(directory, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = join(path, entry.name);
    return entry.isDirectory() ? allFiles(directory, inside) : [inside];
  });
}

/** Lets a module import others as they are called once they are compiled, which takes no more characters. */
function importingCompiled(text) {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const ends = importedFiles
    .filter(({ fileName }) => fileName.startsWith('.') && fileName.endsWith('.ts'))
    .map(({ pos, fileName }) => text.indexOf(fileName, pos) + fileName.length);
  return ends.reduce((changed, end) => `${changed.slice(0, end - 2)}js${changed.slice(end)}`, text);
}

const importCompiled = {
  name: 'import-compiled',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: importingCompiled(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

rmSync(BUILD, { recursive: true, force: true });
try {
  // That types agree is what `npm run check` finds out.
  await build({
    entryPoints: COMPILED.flatMap((folder) =>
      allFiles(join(ROOT, folder))
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
        .map((file) => join(ROOT, folder, file)),
    ),
    outdir: BUILD,
    outbase: ROOT,
    format: 'esm',
    tsconfig: join(ROOT, 'tsconfig.json'),
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    plugins: [importCompiled],
  });
  for (const name of BESIDE) symlinkSync(join('..', name), join(BUILD, name));
  for (const file of allFiles(join(ROOT, 'test'))) {
    if (file.endsWith('.ts')) continue;
    const copy = join(BUILD, 'test', file);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(ROOT, 'test', file), copy);
  }
  // Without it each command that the tests start would load the modules of all commands.
  const manifest = [join('scripts', 'write-manifest.mjs'), BUILD, './src/commands'];
  const { status } = spawnSync(process.execPath, manifest, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error('the list of commands could not be written');
} catch (error) {
  // What was built half is not to be tested.
  rmSync(BUILD, { recursive: true, force: true });
  console.error(error);
  process.exitCode = 1;
}
