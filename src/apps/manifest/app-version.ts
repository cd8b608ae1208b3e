/** A version that can be put in order: its three numbers, and what follows the `-`. */
export interface AppVersion {
  readonly numbers: readonly [bigint, bigint, bigint];
  /** Between the dots; none for a release. */
  readonly prerelease: readonly string[];
}

const PARTS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const VERSION = new RegExp(`^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:-(${PARTS}))?(?:\\+${PARTS})?$`);

/** What Go's `uint64` can hold. */
const MOST = 2n ** 64n;

/**
 * Reads a version as a stack does to put it in order (`docs/cozy-data.md` §5.4): minor and patch may be missing, and
 * what follows a `+` does not count.
 * @returns undefined for one that a stack cannot put in order
 */
export function parseVersion(text: string): AppVersion | undefined {
  const [, major, minor = '0', patch = '0', after] = VERSION.exec(text) ?? [];
  if (major === undefined) return undefined;
  const numbers = [BigInt(major), BigInt(minor), BigInt(patch)] as const;
  const prerelease = after?.split('.') ?? [];
  if (numbers.some((number) => number >= MOST)) return undefined;
  if (prerelease.some((part) => /^0\d+$/.test(part))) return undefined;
  return { numbers, prerelease };
}

/** Below 0 where the first one comes before the other, above 0 where it comes after it, 0 where neither does. */
export function compareVersions(left: AppVersion, right: AppVersion): number {
  for (const [at, number] of left.numbers.entries()) {
    const difference = compare(number, right.numbers[at] ?? 0n);
    if (difference !== 0) return difference;
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

/**
 * Whether the one version comes after the other. One that cannot be put in order is older than any other
 * (`docs/cozy-data.md` §5.4).
 */
export function isNewer(one: string, other: string): boolean {
  const version = parseVersion(one);
  const than = parseVersion(other);
  if (version === undefined) return false;
  return than === undefined || compareVersions(version, than) > 0;
}

/** What comes before a release is less than the release; of two, the one that says more is greater. */
function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return compare(right.length, left.length);
  for (const [at, part] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const difference = compareParts(part, other);
    if (difference !== 0) return difference;
  }
  return compare(left.length, right.length);
}

/** Numbers by their value and before texts, texts by their characters. */
function compareParts(left: string, right: string): number {
  const isNumber = /^\d+$/.test(left);
  const isOtherNumber = /^\d+$/.test(right);
  if (isNumber && isOtherNumber) return compare(BigInt(left), BigInt(right));
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return compare(left, right);
}

function compare<Value extends bigint | number | string>(left: Value, right: Value): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
