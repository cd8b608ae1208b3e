import type { CouchServer } from '../../couchdb/server.ts';
import { reservationId } from '../databases/prefix.ts';
import { incarnationOf } from '../documents/incarnation.ts';
import type { StoredInstance } from '../documents/instance-document.ts';
import { registerTokenHex, registrationLink, type Scheme } from '../domains/registration-link.ts';
import { readInstance } from './lookup.ts';

/** How an owner gets in for the first time. Secrets: show them, never keep them. */
export interface Registration {
  /** Lower-case hex. */
  readonly registerToken: string;
  readonly link: string;
}

/** The registration of an instance that waits for its owner; undefined when it does not. */
export function registrationOf(instance: StoredInstance, scheme: Scheme): Registration | undefined {
  const { domain, register_token: token } = instance;
  if (!token) return undefined;
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
