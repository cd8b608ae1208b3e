import type { FastifyRequest } from 'fastify';
import { plainError } from './error-json.ts';

/**
 * The JSON of a body, whatever type it says it has.
 * @throws AnswerError 400; it quotes nothing
 */
export function readJsonBody({ body }: Pick<FastifyRequest, 'body'>): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  } catch {
    throw plainError(400, 'JSON input is malformed or is missing mandatory fields');
  }
}
