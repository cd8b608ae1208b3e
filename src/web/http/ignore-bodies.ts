import type { FastifyInstance } from 'fastify';

/**
 * Has the routes of this scope take a request with any body, or with a type and no body, and pass it over, as a stack
 * does: clients announce JSON that they do not send. A body is read to its end, within the limit of the server.
 */
export function ignoreBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
}
