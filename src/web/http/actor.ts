import type { FastifyRequest } from 'fastify';
import type { Author } from '../../jobs/kinds/author.ts';

/** Who wants something through the server, for the record: there is one passphrase, so the address tells more. */
export function actorOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return `operator@${ip}`;
}

/** The same, with the reason that was given. */
export function authorOf(request: Pick<FastifyRequest, 'ip'>, reason = ''): Author {
  return { by: actorOf(request), reason };
}
