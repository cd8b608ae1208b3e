import { posix } from 'node:path';

/** Longest name of a file, in bytes: `.br` is still to be added to it. */
const NAME_LIMIT_BYTES = 252;

/** Longest path inside an application, in bytes: it is put under paths that are long already. */
const PATH_LIMIT = 1024;

/** Directories in one another. */
const DEPTH_LIMIT = 64;

/** Line breaks, marks of direction, invisible characters, halves of characters, and the separator of other systems. */
const STRANGE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd\u{e0000}-\u{e007f}\\]/u;

/**
 * Whether the names in a path are such as people give to files. Any other name would be displayed as something else,
 * or become another name on another disk. Bytes that are no UTF-8 are read as U+FFFD.
 */
export function isPlainPath(path: string): boolean {
  if (STRANGE.test(path)) return false;
  const segments = path.split('/').filter((segment) => segment !== '.' && segment !== '..');
  return segments.every((segment) => !segment.endsWith('.') && segment.trim() === segment);
}

/**
 * A path inside an application without `../` and doubled slashes: empty for the application itself, undefined
 * for one that leads out of it or cannot be a path. Nothing is resolved: a path that climbs and comes back is
 * refused too.
 */
export function insidePath(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0') || Buffer.byteLength(path) > PATH_LIMIT) return undefined;
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const odd = segments.some((segment) => segment === '..' || Buffer.byteLength(segment) > NAME_LIMIT_BYTES);
  return odd || segments.length > DEPTH_LIMIT ? undefined : segments.join('/');
}

/** What `insidePath` makes of paths that begin with this prefix begins with its result; a slash at its end stays. */
export function insidePrefix(prefix: string): string {
  const inside = insidePath(prefix);
  if (inside === undefined || inside === '') return '';
  return prefix.endsWith('/') ? `${inside}/` : inside;
}

/**
 * What is left of a path behind a prefix, which is cut off as the text it is (`docs/cozy-data.md` §5.2), and
 * undefined where that leads out of the application. Both are as `insidePath` and `insidePrefix` make them.
 */
export function withoutPrefix(path: string, prefix: string): string | undefined {
  if (prefix === '' || !path.startsWith(prefix)) return insidePath(path);
  return insidePath(path.slice(prefix.length).replace(/^\/+/, ''));
}

/**
 * Whether a link leads to a place inside the application.
 *
 * @param from the directory its target is relative to, inside the application
 */
export function leadsInside(target: string, from: string): boolean {
  if (target.startsWith('/') || target.includes('\0') || target.length > PATH_LIMIT) return false;
  const place = posix.normalize(posix.join(from, target));
  return place !== '..' && !place.startsWith('../../');
}
