import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InputError } from '../errors.ts';

/** Where a command runs; handed in so that nothing here reads the process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the working directory. */
  readonly cwd: string;
  /** Absolute path of the home directory. */
  readonly home: string;
}

/** The stack tries one format in all directories before it tries the next (viper's order of formats). */
const FILE_NAMES = ['cozy.json', 'cozy.yaml', 'cozy.yml'];

/**
 * Every path where a configuration file may be, first choice first: the stack's search path
 * (`docs/admin-api.md` §2.1, §4), then `.fleet/`, so that a trial never hides a real platform.
 */
export function candidateFiles(surroundings: Surroundings): string[] {
  const inDirectories = (among: string[]) =>
    FILE_NAMES.flatMap((name) => among.map((directory) => join(directory, name)));
  return [...inDirectories(stackDirectories(surroundings)), ...inDirectories([ownDirectory(surroundings)])];
}

/** Absolute directories where a stack looks for its files, first choice first; ours comes last. */
export function configDirectories(surroundings: Surroundings): string[] {
  return [...stackDirectories(surroundings), ownDirectory(surroundings)];
}

function stackDirectories({ env, cwd, home }: Surroundings): string[] {
  return [
    cwd,
    join(cwd, '.cozy'),
    join(home, '.cozy'),
    join(home, '.config', 'cozy'),
    ...(env['XDG_CONFIG_HOME'] ? [join(env['XDG_CONFIG_HOME'], 'cozy')] : []),
    '/etc/cozy',
  ].map((directory) => resolve(cwd, directory));
}

function ownDirectory({ cwd }: Surroundings): string {
  return resolve(cwd, '.fleet');
}

/**
 * Absolute path of the configuration file to read, or undefined when there is none.
 *
 * @param explicit what `--config` said; relative to the working directory.
 * @throws {InputError} when the file named by `--config` does not exist.
 */
export function findConfigFile(surroundings: Surroundings, explicit?: string): string | undefined {
  if (explicit === undefined) return candidateFiles(surroundings).find(isFile);
  const file = resolve(surroundings.cwd, explicit);
  if (isFile(file)) return file;
  throw new InputError('no_config', `There is no configuration file ${file}.`, { file, column: '--config' });
}

/**
 * The file whose keys go over those of `file`: the same name with `.local` added, beside it
 * (documentation of cozy-stack, "Main configuration file"). Undefined when there is none.
 */
export function findLocalOverlay(file: string): string | undefined {
  const overlay = `${file}.local`;
  return isFile(overlay) ? overlay : undefined;
}

/** Whether there is a file, as far as we may look. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // A directory we may not look into is, to us, one without a file.
    return false;
  }
}
