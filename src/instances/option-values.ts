import { InputError } from '../errors.ts';
import { parseGoBool } from './go-bool.ts';
import { type InstanceOptions, instanceOptions } from './options.ts';
import { parseSize } from './quota.ts';

// Each reads one value of a flag or column, and throws an InputError that says what it should be.

const LOCALE = /^[A-Za-z0-9_-]{1,35}$/;
const CLUSTER = /^(-1|\d{1,9})$/;

/** `blocking_reason` of a reservation begins so (design §3): an operator's reason must not look like one. */
const RESERVED_REASON = 'PROVISIONING';

const AUTH_MODES = instanceOptions.shape.authMode.unwrap();

export type AuthMode = NonNullable<InstanceOptions['authMode']>;

const badValue = (message: string) => new InputError('bad_value', message);

export function splitList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

export function parseNames(text: string): string[] | undefined {
  const names = splitList(text);
  return names.length > 0 ? names : undefined;
}

export function parseLocale(text: string): string {
  if (LOCALE.test(text)) return text;
  throw badValue(`${JSON.stringify(text)} is not a locale such as "en" or "zh_CN"`);
}

export function parseBoolean(text: string): boolean {
  const value = parseGoBool(text);
  if (value === undefined) throw badValue(`${JSON.stringify(text)} is neither "true" nor "false"`);
  return value;
}

export function parseAuthMode(text: string): AuthMode {
  const mode = AUTH_MODES.safeParse(text);
  if (mode.success) return mode.data;
  const known = AUTH_MODES.options.join(', ');
  throw badValue(`Unknown authentication mode ${JSON.stringify(text)}, use one of ${known}`);
}

export function parseCluster(text: string, clusters: number): number | undefined {
  if (!CLUSTER.test(text)) throw badValue(`${JSON.stringify(text)} is not the number of a CouchDB cluster`);
  const cluster = Number(text);
  if (cluster >= clusters) {
    throw badValue(`there is no CouchDB cluster ${cluster}: the highest configured is ${clusters - 1}`);
  }
  return cluster === -1 ? undefined : cluster;
}

export function parseQuota(text: string): number | undefined {
  if (text.toLowerCase() === 'unlimited') return undefined;
  return parseSize(text) || undefined;
}

export function parseReason(text: string): string {
  if (text.startsWith(RESERVED_REASON)) {
    throw badValue(`a blocking reason cannot begin with ${RESERVED_REASON}: that marks a creation under way`);
  }
  return text;
}
