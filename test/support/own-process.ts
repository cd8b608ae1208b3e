import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** How Node is told to run a module of ours. */
export interface OwnModule {
  /** Absolute path. */
  readonly file: string;
  /** What Node needs before the path. */
  readonly execArgv: readonly string[];
}

/**
 * A module of ours, to be run in a process of its own: as TypeScript, with its loader, where the tests run from the
 * sources, and as it was built where they run from a build.
 *
 * @param path without its extension, from the module that asks
 * @param from `import.meta.url` of the module that asks
 */
export function ownModule(path: string, from: string): OwnModule {
  const extension = extname(fileURLToPath(from));
  const file = fileURLToPath(new URL(`${path}${extension}`, from));
  return { file, execArgv: extension === '.ts' ? [`--import=${loader()}`] : ['--enable-source-maps'] };
}

/** By its path, for a command may run in a directory that has no packages. */
function loader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}
