import { badRequest, CouchError } from './couch-error.ts';
import type { JsonObject } from './pouch-types.ts';

/** The parameters of a query string, each a text. */
export type Query = Readonly<Record<string, string>>;

/** Whether a JSON value is an object, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON; what is none is 400, in CouchDB's words. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('invalid UTF-8 JSON');
  }
}

/** The body as a JSON object; an empty body counts as `{}`. */
export function objectBody(body: unknown, notAnObject = 'Request body must be a JSON object'): JsonObject {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  const value = text.trim() === '' ? {} : parseJson(text);
  if (!isObject(value)) throw badRequest(notAnObject);
  return value;
}

/** CouchDB reads the body of these requests only when it is declared as JSON. */
export function requireJson(contentType: string | undefined): void {
  if (contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json') return;
  throw new CouchError(415, 'bad_content_type', 'Content-Type must be application/json');
}

/** A parameter that counts something, or undefined when absent. */
export function countParameter(query: Query, name: string): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new CouchError(400, 'query_parse_error', `Invalid value for integer: "${text}"`);
}

const JSON_OPTIONS = ['key', 'keys', 'startkey', 'endkey'];
const ALIASES: Record<string, string> = { start_key: 'startkey', end_key: 'endkey' };
const FLAGS = ['descending', 'include_docs', 'inclusive_end', 'reduce', 'group', 'update_seq', 'conflicts'];
const COUNTS = ['limit', 'skip', 'group_level'];

/** What `_all_docs`, views and `_all_dbs` have in common, from query string and body together. */
export function listOptions(query: Query, body: JsonObject = {}): JsonObject {
  const options: JsonObject = {};
  for (const [given, value] of Object.entries(query)) {
    const name = ALIASES[given] ?? given;
    if (JSON_OPTIONS.includes(name)) options[name] = parseJson(value);
    else if (FLAGS.includes(name)) options[name] = value === 'true';
    else if (COUNTS.includes(name)) options[name] = countParameter(query, given);
  }
  for (const [given, value] of Object.entries(body)) {
    const name = ALIASES[given] ?? given;
    if ([...JSON_OPTIONS, ...FLAGS, ...COUNTS].includes(name)) options[name] = value;
  }
  if ('keys' in options && !Array.isArray(options['keys'])) {
    throw badRequest('`keys` member must be an array.');
  }
  return options;
}
