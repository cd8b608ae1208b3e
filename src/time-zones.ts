import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** Luxon, loaded by whoever first reckons with a time zone: few commands do. */
export function luxon(): typeof import('luxon') {
  return load('luxon');
}
