// Runs all scripts of package.json whose name begins with `check:`, side by side, and fails when one of them does. What
// each prints is shown when it has ended, so that nothing is mixed up. Plain JavaScript without packages: those that do
// this bring a dozen of others along.
//
//   npm run check
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const checks = Object.entries(scripts).filter(([name]) => name.startsWith('check:'));

/** As npm runs a script: in a shell that finds the programs of the packages. */
function run(command) {
  const since = performance.now();
  const bin = join(root, 'node_modules', '.bin');
  const env = {
    ...process.env,
    PATH: `${bin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
  };
  // The programs see no terminal, but what they print goes to ours.
  if (process.stdout.isTTY) env.FORCE_COLOR ??= '1';
  const child = spawn(command, { cwd: root, shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed += text;
    });
  }
  return new Promise((done) => {
    child.once('close', (code) => {
      done({ ok: code === 0, printed: printed.trim(), seconds: (performance.now() - since) / 1000 });
    });
  });
}

const failed = [];
await Promise.all(
  checks.map(async ([name, command]) => {
    const { ok, printed, seconds } = await run(command);
    if (!ok) failed.push(name);
    const title = `${ok ? 'passed' : 'FAILED'}  ${name}  (${seconds.toFixed(1)} s)`;
    console.log(printed === '' ? title : `${title}\n${printed.replace(/^/gm, '  ')}`);
  }),
);
if (failed.length > 0) {
  console.error(`${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
