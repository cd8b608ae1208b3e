/** What the stack keeps for itself below the root of an instance (`docs/cozy-data.md` §4.1). */
const OF_THE_STACK: ReadonlySet<string> = new Set([
  '.cozy_apps',
  '.cozy_konnectors',
  '.cozy_trash',
  '.cozy_versions',
  '.thumbs',
]);

/** What systems leave in a directory that somebody has looked at. */
const LEFT_BY_SYSTEMS = /^(\.|~\$|thumbs\.db$|ehthumbs\.db$|desktop\.ini$|icon\r$)/i;

/** The longest name on the usual file systems, in bytes. */
const MOST_BYTES = 255;

/**
 * Whether an entry is nobody's file: hidden ones, among them `.DS_Store`, `._report.pdf` and `.git`, what Windows leaves,
 * and the locks of office programs. They are left out, and counted.
 */
export function isLeftOut(name: string): boolean {
  return !OF_THE_STACK.has(name) && LEFT_BY_SYSTEMS.test(name);
}

/**
 * Why a stack, or a storage, would not take a name; undefined for a good one. @param name in NFC
 */
export function nameProblem(name: string): string | undefined {
  if (name.includes('\uFFFD')) return 'the name is not valid UTF-8';
  if (OF_THE_STACK.has(name)) return 'the stack has a directory of its own under that name';
  if (/[\n\r\0/]/.test(name)) return 'a stack refuses names with a line break';
  if (Buffer.byteLength(name) > MOST_BYTES) return `the name is longer than ${MOST_BYTES} bytes`;
  if (name.endsWith('.cozy-note')) {
    return 'a note is more than a file, and only its application can make one';
  }
  return undefined;
}
