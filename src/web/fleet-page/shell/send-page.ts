import type { FastifyReply, FastifyRequest } from 'fastify';
import { type PageContent, pageShell, type Viewer } from './page-shell.ts';

/** The token that forms of a page for this request must have. */
export function csrfOf(request: FastifyRequest, reply: FastifyReply): string | undefined {
  return request.operatorSession === undefined ? undefined : reply.generateCsrf();
}

/** Answers with a page that is for this operator alone, and of this moment. */
export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  content: PageContent,
  viewer: Partial<Viewer> = {},
): Promise<FastifyReply> {
  const known = { csrf: csrfOf(request, reply), isSignedIn: true, ...viewer };
  return await reply
    .header('cache-control', 'no-store')
    .header('vary', 'accept, cookie')
    .type('text/html; charset=utf-8')
    .send(pageShell(content, known));
}

/** The browser asks for that page, whatever it has sent before. */
export async function leadTo(reply: FastifyReply, path: string): Promise<FastifyReply> {
  return await reply.header('cache-control', 'no-store').redirect(path, 303);
}
