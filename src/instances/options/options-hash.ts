import { createHash } from 'node:crypto';
import { canonicalJson } from '../../canonical-json.ts';
import type { InstanceOptions } from './options.ts';

/**
 * 16 hex digits that tell whether a reservation was made with the same options (`ARCHITECTURE.md` §3.5, `register`).
 * `apps` do not count: they are installed once the instance is in use.
 */
export function optionsHash(options: InstanceOptions): string {
  const { apps: _, ...reserved } = options;
  return createHash('sha256').update(canonicalJson(reserved), 'utf8').digest('hex').slice(0, 16);
}
