// Compiles sources and tests into build/, from scratch, so that nothing stale is ever tested: a process that starts from
// TypeScript costs twice the time of one that was compiled, and the tests start hundreds.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');

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

/** All files below a directory that the compiler leaves behind, by their path from there. */
function otherFiles(directory, path = '') {
  return readdirSync(join(directory, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) return otherFiles(directory, inside);
    return inside.endsWith('.ts') ? [] : [inside];
  });
}

/** Runs a program of Node; when it fails, nothing is left that could be tested. */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status === 0) return;
  rmSync(BUILD, { recursive: true, force: true });
  process.exit(1);
}

rmSync(BUILD, { recursive: true, force: true });
// That types agree is what `npm run check` finds out, for less: it remembers what it has checked.
run(join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.tests.json', '--noCheck');
for (const name of BESIDE) symlinkSync(join('..', name), join(BUILD, name));
for (const file of otherFiles(join(ROOT, 'test'))) {
  const copy = join(BUILD, 'test', file);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(join(ROOT, 'test', file), copy);
}
// Without it each command that the tests start would load the modules of all commands.
run(join('scripts', 'write-manifest.mjs'), BUILD, './src/commands');
