import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fleetYaml } from '../../src/up/config-file.ts';
import type { BenchServers } from '../servers.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The name space of a fleet that a configuration leaves as it is. */
export const DEFAULT_PREFIX = 'fleet';

/** @returns path of the program as it was built in this checkout. @throws where nothing was built */
export function builtProgram(): string {
  if (!existsSync(join(ROOT, 'oclif.manifest.json')) || !existsSync(join(ROOT, 'dist'))) {
    throw new Error('there is nothing built to be measured: npm run build');
  }
  return join(ROOT, 'bin', 'run.js');
}

/**
 * Packs what was built, and installs it as somebody would who has nothing else of it.
 * @param directory an empty one
 * @returns path of the program there
 */
export async function packedProgram(directory: string): Promise<string> {
  builtProgram();
  await mkdir(directory, { recursive: true });
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT });
  const tarball = join(directory, stdout.trim().split('\n').at(-1) ?? '');
  await writeFile(join(directory, 'package.json'), '{"private":true}\n');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  await run('npm', ['install', ...quiet, tarball], { cwd: directory });
  return join(directory, 'node_modules', 'cozy-fleet', 'bin', 'run.js');
}

/** Writes a configuration for the servers of the benchmark. @returns its path */
export async function writeConfig(
  { couchUrl, redisUrl, storageRoot }: BenchServers,
  directory: string,
): Promise<string> {
  const path = join(directory, 'cozy.yaml');
  const text = fleetYaml({ couchUrl, redisUrl, storageRoot, linkScheme: 'https' });
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
