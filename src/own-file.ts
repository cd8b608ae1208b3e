import { existsSync } from 'node:fs';

/**
 * Where a file or a directory of this package is, such as `package.json` or `locales/`: in the nearest directory above
 * this module that has it. A build puts several modules into one file, in another place than theirs.
 * @param path a directory ends with a slash
 * @throws Error where it is nowhere
 */
export function ownFile(path: string): URL {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const file = new URL(path, folder);
    if (existsSync(file)) return file;
    if (folder.pathname === new URL('../', folder).pathname) throw new Error(`the package has no ${path}`);
  }
}
