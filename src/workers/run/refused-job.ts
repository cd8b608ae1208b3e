import { shown as withInvisible } from '../../instances/values/characters.ts';

/** Longest text of a payload that goes into a line of the log, in characters. */
const MOST_CHARACTERS = 255;

/** A text of a payload that is not believed, for a line of a log: short, and with nothing in it that steers a terminal. */
export function shown(text: string): string {
  return withInvisible(text.slice(0, MOST_CHARACTERS)).replace(/\p{Cc}/gu, '\ufffd');
}

/** The domain that a payload says it is about, though nothing it says is believed; empty where it names none. */
export function claimedDomain(data: unknown): string {
  const domain = memberOf(memberOf(data, 'options') ?? data, 'domain');
  return typeof domain === 'string' ? shown(domain) : '';
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
