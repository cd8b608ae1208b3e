import { posix } from 'node:path';

/** Longest name of a file, in bytes: `.br` is still to be added to it. */
const NAME_LIMIT = 252;

/** Longest path inside an application, in bytes: it is put under paths that are long already. */
const PATH_LIMIT = 1024;

/**
 * A path inside an application without `./` and doubled slashes: empty for the application itself, undefined
 * for one that leads out of it or cannot be a path. Nothing is resolved: a path that climbs and comes back is
 * refused too.
 */
export function insidePath(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0') || Buffer.byteLength(path) > PATH_LIMIT) return undefined;
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const odd = segments.some((segment) => segment === '..' || Buffer.byteLength(segment) > NAME_LIMIT);
  return odd ? undefined : segments.join('/');
}

/** What `insidePath` makes of paths that begin with this prefix begins with its result; a slash at its end stays. */
export function insidePrefix(prefix: string): string {
  const inside = insidePath(prefix);
  if (inside === undefined || inside === '') return '';
  return prefix.endsWith('/') ? `${inside}/` : inside;
}

/**
 * What is left of a path behind a prefix, which is cut off as the text it is (`instance-data.md` §5.2), and
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
  if (target.startsWith('/') || target.includes('\0')) return false;
  const place = posix.normalize(posix.join(from, target));
  return place !== '..' && !place.startsWith('../');
}
