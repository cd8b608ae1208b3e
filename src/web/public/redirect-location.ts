import type { Scheme } from '../../instances/domains/registration-link.ts';

/** What may stand in a header as it is: the rest of a request target is written in percent signs. */
const UNSAFE = /[^\x21-\x7e]/g;

/**
 * The address of the same page under another host.
 * @param host in the form in which browsers ask for it
 * @param target path and query as they were asked for; Node reads their bytes as Latin-1
 */
export function redirectLocation(scheme: Scheme, host: string, target: string): string {
  const safe = target.replace(UNSAFE, (character) => percent(character));
  return `${scheme}://${host}${safe}`;
}

function percent(character: string): string {
  const bytes = Buffer.from(character, 'latin1');
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
