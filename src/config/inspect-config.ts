import { resolve } from 'node:path';
import { knownVariables } from './environment.ts';
import { findConfigFile } from './find-config-file.ts';
import { keyText, type LoadOptions, readSources, type Sources } from './load-config.ts';
import { configSchema } from './schema.ts';
import { isTree, merge, type Tree } from './tree.ts';
import { type UnknownKey, unknownKeys } from './unknown-keys.ts';
import { isRead, unsetValues, withoutMarks } from './unset-variables.ts';

/** A key and where it is. */
export interface PlacedKey {
  /** As it is written, such as `couchdb.clusters[1].url`; never its value. */
  readonly key: string;
  /** `file:line`, or an empty text. */
  readonly place: string;
}

/** What is noticed in a configuration beside what it says; no values of it. */
export interface ConfigInspection {
  /** Absolute paths of the file and its `.local`; empty where there is none. */
  readonly files: readonly string[];
  /** Keys that we do not read: most are the stack's. */
  readonly unknown: readonly (PlacedKey & Pick<UnknownKey, 'beside' | 'path'>)[];
  /** Keys that ask for a variable which is not set. */
  readonly unset: readonly (PlacedKey & { readonly variable: string; readonly isRead: boolean })[];
  /** Variables that begin like those of our section, and set nothing. */
  readonly strayVariables: readonly string[];
  /** Variables that would. */
  readonly knownVariables: readonly string[];
  /** Absolute paths of files with private keys that are named. */
  readonly keyFiles: readonly string[];
}

const OWN_VARIABLE = /^COZY_FLEET_[A-Z0-9_]{1,60}$/;

/** Where files with private keys are named; the one of the vault opens what owners keep there. */
const KEY_FILES = [
  ['couchdb', 'client_key'],
  ['fleet', 'redis', 'tls', 'client_key'],
  ['vault', 'credentials_encryptor_key'],
  ['vault', 'credentials_decryptor_key'],
] as const;

/** Reads the files of a configuration anew. @throws InputError where they cannot be read at all */
export function inspectConfig(options: LoadOptions): ConfigInspection {
  const file = findConfigFile(options, options.file);
  const sources = readSources(file, options);
  const tree = sources.files.map((each) => each.tree).reduce<Tree>(merge, {});
  const known = knownVariables();
  return {
    files: sources.files.map((each) => each.file),
    unknown: [...unknownKeys(configSchema, tree)].map(({ path, beside }) => ({
      ...placed(path, sources),
      path,
      beside,
    })),
    unset: [...unsetValues(tree)].map(({ path, variable }) => ({
      ...placed(path, sources),
      variable,
      isRead: isRead(configSchema, path),
    })),
    strayVariables: Object.keys(options.env).filter(
      (name) => OWN_VARIABLE.test(name) && !known.includes(name),
    ),
    knownVariables: known,
    keyFiles: KEY_FILES.flatMap((path) => {
      const named = path.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), tree);
      const isPath = typeof named === 'string' && named !== '' && withoutMarks(named) === named;
      return isPath ? [resolve(options.cwd, named)] : [];
    }),
  };
}

function placed(path: UnknownKey['path'], { files }: Sources): PlacedKey {
  const key = withoutMarks(keyText(path));
  for (const { file, lineOf } of files.toReversed()) {
    const line = lineOf(path);
    if (line !== undefined) return { key, place: `${file}:${line}` };
  }
  return { key, place: '' };
}
