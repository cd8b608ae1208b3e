import { createHash } from 'node:crypto';
import type { InstanceFields } from './instance-document.ts';

/**
 * 16 hex digits that tell one life of a domain from the next (`ARCHITECTURE.md` §3.3): a hash of the secret that each
 * life has of its own, as its field has it, in base64. The secret cannot be found again from the result.
 */
export function incarnationOf({ cli_secret = '' }: Pick<InstanceFields, 'cli_secret'>): string {
  return createHash('sha256').update(cli_secret, 'utf8').digest('hex').slice(0, 16);
}
