import { posix } from 'node:path';

/** Either the directory, or what is wrong with the URL, to go after the name of the key. */
export type StorageRoot = { readonly root: string } | { readonly problem: string };

/**
 * Directory that `fs.url` stands for: `file:///path`, `file://localhost/path` or a bare absolute path,
 * percent-decoded, never `/` (`docs/cozy-data.md` §4.1). The URL is not repeated in a problem: Swift
 * URLs hold a password.
 */
export function storageRoot(url: string): StorageRoot {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') {
    return { problem: `has the scheme ${scheme}://; only file storage (file:///path) is handled so far` };
  }
  const match = /^(?:file:(?:\/\/(?<host>[^/]*))?)?(?<path>\/[^?#]*)$/i.exec(url);
  const host = match?.groups?.['host'] ?? '';
  const path = percentDecoded(match?.groups?.['path'] ?? '');
  // file://srv/cozy names a host "srv" and the directory /cozy, which is never what was meant.
  if (path === undefined || path === '' || path.includes('\0') || !['', 'localhost'].includes(host)) {
    return { problem: 'must be file:// and an absolute path, such as file:///var/lib/cozy' };
  }
  const root = posix.resolve(path);
  return root === '/' ? { problem: 'must not be the root directory' } : { root };
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
