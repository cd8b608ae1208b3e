import type { FastifyRequest } from 'fastify';

/** Who wants something through the server, for the record: there is one passphrase, so the address tells more. */
export function actorOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return `operator@${ip}`;
}

/** The same with the reason that was given, for records that have one text for both. */
export function actorWithReason(request: Pick<FastifyRequest, 'ip'>, reason: string): string {
  return reason === '' ? actorOf(request) : `${actorOf(request)} (${reason})`;
}
