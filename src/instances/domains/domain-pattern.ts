import { lowerCaseRunes, normalisePattern } from './domain.ts';

/**
 * Whether a domain is like a pattern, in which `*` stands for any characters and `?` for one of them;
 * in any case, and with or without Punycode. Its time is bounded by the product of both lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const wanted = Array.from(normalisePattern(pattern));
  const given = Array.from(lowerCaseRunes(name));
  let next = 0;
  let star = -1;
  let taken = 0;
  for (let at = 0; at < given.length; ) {
    if (wanted[next] === '*') {
      star = next;
      taken = at;
      next += 1;
    } else if (wanted[next] === '?' || wanted[next] === given[at]) {
      next += 1;
      at += 1;
    } else if (star >= 0) {
      // The last star has to take one character more.
      taken += 1;
      at = taken;
      next = star + 1;
    } else {
      return false;
    }
  }
  return wanted.slice(next).every((rest) => rest === '*');
}
