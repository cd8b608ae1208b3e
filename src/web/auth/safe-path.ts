/** Where an operator goes who did not say where to. */
export const FLEET_HOME = '/fleet';

const LONGEST = 2_000;

/** Pages that only lead elsewhere. */
const SIGNING = /^\/fleet\/sign-(?:in|out)(?:\/|$)/;

/**
 * The page to lead an operator to after sign-in: one of ours, whatever was asked for. It is read as browsers read it,
 * for which `\` is `/`, and `//host` another server.
 */
export function safePath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > LONGEST || !wanted.startsWith('/')) return FLEET_HOME;
  const base = 'http://fleet.invalid';
  if (!URL.canParse(wanted, base)) return FLEET_HOME;
  const { origin, pathname, search } = new URL(wanted, base);
  const isOurs = origin === base && (pathname === FLEET_HOME || pathname.startsWith(`${FLEET_HOME}/`));
  return isOurs && !SIGNING.test(pathname) ? `${pathname}${search}` : FLEET_HOME;
}
