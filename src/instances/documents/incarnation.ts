import { createHash } from 'node:crypto';

/**
 * 16 hex digits that tell one life of a domain from the next (`ARCHITECTURE.md` §3.3). `cliSecret` is the text of
 * the field as stored, in base64; it cannot be found again from the result.
 */
export function incarnationOf(cliSecret: string): string {
  return createHash('sha256').update(cliSecret, 'utf8').digest('hex').slice(0, 16);
}
