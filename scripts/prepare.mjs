// Makes a fresh machine ready: Node's version, the npm packages, redis-server, and with --build the
// compiled sources. Plain JavaScript without packages, because it runs before there are any.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = [20, 19];
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];
const POLICY = '/usr/sbin/policy-rc.d';
const REDIS_ADVICE = `redis-server is needed and could not be installed from here. Install it:
  Debian, Ubuntu   sudo apt-get install redis-server
  Fedora           sudo dnf install redis
  Alpine           sudo apk add redis
  macOS            brew install redis`;

/** Says what is wrong and ends. */
function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a command; its output is shown only when it fails. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', ...options });
  const output = [result.stdout, result.stderr, result.error?.message].filter(Boolean).join('\n').trim();
  return { ok: result.status === 0, output };
}

/** When a file was last written, or 0 when it is not there. */
function writtenAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(`cozy-fleet needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

function installPackages() {
  const lock = join(ROOT, 'package-lock.json');
  const installed = writtenAt(join(ROOT, 'node_modules', '.package-lock.json'));
  if (installed > 0 && installed >= writtenAt(lock)) return;
  console.log('Installing packages …');
  const command = existsSync(lock) ? 'ci' : 'install';
  const { ok, output } = run('npm', [command, ...QUIET], { shell: process.platform === 'win32' });
  if (!ok) fail(`The packages could not be installed:\n${output}`);
}

function isInPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function installRedis() {
  if (isInPath('redis-server')) return;
  if (!isInPath('apt-get')) fail(REDIS_ADVICE);
  const isRoot = process.getuid?.() === 0;
  // -n: never ask for a password; npm start must not hang on a prompt.
  if (!isRoot && !run('sudo', ['-n', 'true']).ok) fail(REDIS_ADVICE);
  console.log('Installing redis-server …');
  const { ok, output } = isRoot ? installRedisAsRoot() : run('sudo', ['-n', process.execPath, ...asRoot()]);
  if (!ok || !isInPath('redis-server')) fail(`${output}\n\n${REDIS_ADVICE}`.trim());
}

/** This script again, for the one step that needs root. */
function asRoot() {
  return [fileURLToPath(import.meta.url), '--redis-as-root'];
}

/** The package would start a Redis of its own as a service; ours is enough. */
function installRedisAsRoot() {
  const policyIsOurs = !existsSync(POLICY);
  if (policyIsOurs) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY, 0o755);
  }
  const removePolicy = () => {
    if (policyIsOurs) rmSync(POLICY, { force: true });
  };
  // Ctrl-C in between must not leave a machine on which no service ever starts again.
  process.once('exit', removePolicy);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = run('apt-get', ['update', '-qq'], { env });
  const install = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
    env,
  });
  removePolicy();
  return install.ok ? install : { ok: false, output: [update.output, install.output].join('\n') };
}

function newestSource(directory) {
  return Math.max(
    writtenAt(directory),
    ...readdirSync(directory, { withFileTypes: true }).map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? newestSource(path) : writtenAt(path);
    }),
  );
}

function build() {
  const manifest = join(ROOT, 'oclif.manifest.json');
  const scripts = ['bundle.mjs', 'build-options.mjs'].map((name) => join('scripts', name));
  const configured = ['package-lock.json', 'package.json', 'tsconfig.json', ...scripts];
  const newest = Math.max(
    newestSource(join(ROOT, 'src')),
    ...configured.map((name) => writtenAt(join(ROOT, name))),
  );
  // It is written last.
  const built = writtenAt(manifest);
  if (built > 0 && built >= newest && existsSync(join(ROOT, 'dist', 'commands'))) return;
  console.log('Building …');
  for (const script of ['bundle.mjs', 'write-manifest.mjs']) {
    const { ok, output } = run(process.execPath, [join('scripts', script)]);
    if (ok) continue;
    // A half-built dist would be taken for a whole one the next time.
    rmSync(manifest, { force: true });
    fail(`The build failed:\n${output}`);
  }
}

checkNode();
if (process.argv.includes('--redis-as-root')) {
  const { ok, output } = installRedisAsRoot();
  if (!ok) fail(output);
} else {
  installPackages();
  installRedis();
  if (process.argv.includes('--build')) build();
}
