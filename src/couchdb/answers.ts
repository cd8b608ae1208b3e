import { toError } from '../errors.ts';
import type { StoredDocument } from './documents.ts';
import type { CouchAnswer } from './errors.ts';

export function isSuccess({ status }: CouchAnswer): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isStored(value: unknown): value is StoredDocument {
  return isObject(value) && typeof value['_id'] === 'string' && typeof value['_rev'] === 'string';
}

/** A field of CouchDB's answer, whose shape its documentation fixes. */
export function field<T>(answer: unknown, name: string, otherwise: T): T {
  return isObject(answer) && name in answer ? (answer[name] as T) : otherwise;
}

export function answerOf(status: number, body: unknown): CouchAnswer {
  const said = isObject(body) ? body : {};
  return { status, error: String(said['error'] ?? ''), reason: String(said['reason'] ?? '') };
}

export function noAnswer(thrown: unknown): CouchAnswer {
  return { status: undefined, error: '', reason: toError(thrown).message };
}

/** nano copies CouchDB's `error` and `reason` onto what it throws; a network error has no `statusCode`. */
export function nanoAnswer(thrown: unknown): CouchAnswer {
  if (!isObject(thrown) || typeof thrown['statusCode'] !== 'number') return noAnswer(thrown);
  return answerOf(thrown['statusCode'], thrown);
}
