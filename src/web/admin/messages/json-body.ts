import type { FastifyRequest } from 'fastify';
import { plainError } from './error-json.ts';

/** Levels of arrays and objects; no flag has half as many. */
const MOST_LEVELS = 32;

/**
 * The JSON of a body, whatever type it says it has.
 * @throws AnswerError 400 for what is none, or could not be stored as it is; it quotes nothing
 */
export function readJsonBody({ body }: Pick<FastifyRequest, 'body'>): unknown {
  try {
    const json: unknown = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
    if (isStorable(json, MOST_LEVELS)) return json;
  } catch {
    // Said below.
  }
  throw plainError(400, 'JSON input is malformed or is missing mandatory fields');
}

/** CouchDB refuses half a character, and a number that is too large would become null. */
function isStorable(json: unknown, levels: number): boolean {
  if (typeof json === 'string') return !LONE_SURROGATE.test(json);
  if (typeof json === 'number') return Number.isFinite(json);
  if (typeof json !== 'object' || json === null) return true;
  if (levels === 0) return false;
  return Object.entries(json).every(
    ([name, value]) => !LONE_SURROGATE.test(name) && isStorable(value, levels - 1),
  );
}

const LONE_SURROGATE = /\p{Surrogate}/u;
