import type { CouchServer } from '../../couchdb/server.ts';
import { reservationId } from '../databases/prefix.ts';
import { incarnationOf } from '../documents/incarnation.ts';
import type { InstanceDocument, StoredInstance } from '../documents/instance-document.ts';
import { resetEnd } from '../documents/reset-token.ts';
import { registerTokenHex, registrationLink, resetLink, type Scheme } from '../domains/registration-link.ts';
import { readInstance } from './lookup.ts';

/** How an owner gets in for the first time. Secrets: show them, never keep them. */
export interface Registration {
  /** Lower-case hex. */
  readonly registerToken: string;
  readonly link: string;
}

/** The registration of an instance that waits for its owner; undefined when it does not, token or not. */
export function registrationOf(instance: StoredInstance, scheme: Scheme): Registration | undefined {
  const { domain, register_token: token, onboarding_finished: isWelcomed } = instance;
  if (!token || isWelcomed === true) return undefined;
  return { registerToken: registerTokenHex(token), link: registrationLink(scheme, domain, token) };
}

/** Whether this document is the life of the domain that a job or a row made (`ARCHITECTURE.md` §3.3). */
export function isOfIncarnation(instance: StoredInstance, incarnation: string | undefined): boolean {
  return incarnation !== undefined && incarnationOf(instance) === incarnation;
}

/** Reads the registration of what a job made, as it is now; undefined when that life is over. */
export async function readRegistration(
  global: CouchServer,
  domain: string,
  incarnation: string | undefined,
  scheme: Scheme,
): Promise<Registration | undefined> {
  const instance = await readInstance(global, reservationId(domain));
  if (instance === undefined || !isOfIncarnation(instance, incarnation)) return undefined;
  return registrationOf(instance, scheme);
}

/** The link by which an owner chooses a new passphrase. A secret: show it, never keep it. */
export interface ResetLink {
  readonly link: string;
  /** RFC 3339; a stack takes the link until then. */
  readonly expires: string;
}

/** How the link of an instance is, as its document tells. */
export type ResetState =
  | ({ readonly state: 'usable' } & ResetLink)
  /** Its time is over. */
  | { readonly state: 'expired' }
  /** It was used, or there never was one. */
  | { readonly state: 'none' };

/** The link as it is by now. @param now milliseconds since 1970 */
export function resetStateOf(instance: InstanceDocument, scheme: Scheme, now: number): ResetState {
  const { domain, passphrase_reset_token: token, passphrase_reset_time: expires } = instance;
  const end = resetEnd(instance);
  if (token === undefined || expires === undefined || end === undefined) return { state: 'none' };
  if (end <= now) return { state: 'expired' };
  return { state: 'usable', link: resetLink(scheme, domain, token), expires };
}
