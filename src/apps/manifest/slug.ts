/** What a slug may look like (`docs/cozy-data.md` §5.1); it names directories and hosts. */
const SLUG = /^[a-z0-9-]{1,100}$/;

/**
 * A version becomes part of a path: no separators, and it cannot be `.` or `..`; `tmp` begins the names of
 * what is on its way to its place.
 */
const VERSION = /^(?!tmp)[0-9A-Za-z][0-9A-Za-z.+_-]{0,99}$/;

export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}
