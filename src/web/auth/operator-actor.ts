import type { FastifyRequest } from 'fastify';

/** Who wants something, for the record: all operators share one passphrase, so that their address tells most. */
export function actorOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return `operator@${ip}`;
}
