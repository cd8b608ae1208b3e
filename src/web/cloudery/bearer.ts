import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^bearer +(?<token>[\x21-\x7e]+)$/i;

/** Whether an `Authorization` header has that very bearer token. How long it takes says nothing of the token. */
export function bringsToken(header: string | undefined, token: string): boolean {
  const given = BEARER.exec(header ?? '')?.groups?.['token'] ?? '';
  // Digests are of one length, whatever was sent.
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
