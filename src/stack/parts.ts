/** Members and keys named in one command, documents deleted in one request. */
const AT_A_TIME = 500;

/** Cuts what may be long into parts of which each can be sent at once. */
export function inParts<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += AT_A_TIME) parts.push(all.slice(at, at + AT_A_TIME));
  return parts;
}
