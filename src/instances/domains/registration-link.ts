import { asciiHost } from './domain.ts';

export type Scheme = 'https' | 'http';

/** The register token as links carry it: hex of the bytes stored in base64 (`docs/cozy-data.md` §8 trap 2). */
export function registerTokenHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

/**
 * The link by which the owner sets a passphrase (`docs/cozy-data.md` §6.5). The domain stays in Unicode,
 * as the stack's command line prints it (`docs/admin-api.md` §1.3). A secret: never log it.
 */
export function registrationLink(scheme: Scheme, domain: string, registerTokenBase64: string): string {
  return `${scheme}://${domain}/?registerToken=${registerTokenHex(registerTokenBase64)}`;
}

/**
 * The link by which the owner chooses a new passphrase, as a stack writes it into its mail (`docs/cozy-data.md` §6.7). A
 * secret: never log it.
 */
export function resetLink(scheme: Scheme, domain: string, resetTokenBase64: string): string {
  return `${scheme}://${domain}/auth/passphrase_renew?token=${registerTokenHex(resetTokenBase64)}`;
}

/**
 * Address of an instance as written into its documents, without a slash at the end (`docs/cozy-data.md` §8 traps
 * 13, 31).
 */
export function cozyUrl(scheme: Scheme, domain: string): string {
  return `${scheme}://${asciiHost(domain)}`;
}
