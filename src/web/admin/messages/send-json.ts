import type { FastifyReply } from 'fastify';
import { JSON_API } from './instance-json.ts';

/** Answers a JSON value, with the line feed at its end that a stack writes and its command line prints. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json').send(`${JSON.stringify(value)}\n`);
}

/** Answers a document of JSON:API, in the same way. */
export function sendDocument(reply: FastifyReply, document: object): FastifyReply {
  return reply.type(JSON_API).send(`${JSON.stringify(document)}\n`);
}
