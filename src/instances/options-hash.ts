import { createHash } from 'node:crypto';
import type { InstanceOptions } from './options.ts';

/** JSON with sorted keys, without spaces and without members that are undefined. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/**
 * 16 hex digits that tell whether a reservation was made with the same options (design §3, `register`).
 * `apps` do not count: they are installed once the instance is in use.
 */
export function optionsHash(options: InstanceOptions): string {
  const { apps: _, ...reserved } = options;
  return createHash('sha256').update(canonicalJson(reserved), 'utf8').digest('hex').slice(0, 16);
}
