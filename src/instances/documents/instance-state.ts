import type { AuthMode, InstanceOptions } from '../options/options.ts';
import type { InstanceDocument } from './instance-document.ts';
import { isReservation } from './reservation.ts';

/** Where an instance can be in its life. */
export const INSTANCE_STATES = [
  'provisioning',
  'deleting',
  'blocked',
  'onboarded',
  'onboarding',
  'pending',
] as const;

export type InstanceState = (typeof INSTANCE_STATES)[number];

/** The states that the stack's `instances ls` tells apart. */
export type StackState = Extract<InstanceState, 'onboarded' | 'onboarding' | 'pending'>;

/** State of an instance: the stack's, unless something keeps its owner out. */
export function instanceState(document: InstanceDocument): InstanceState {
  if (document.deleting) return 'deleting';
  if (isReservation(document)) return 'provisioning';
  if (document.blocked) return 'blocked';
  return stackState(document);
}

/**
 * State of an instance in the stack's `instances ls`: `onboarding` waits for its owner to use the
 * register token, `pending` has none (`docs/admin-api.md` §1.3).
 */
export function stackState(document: InstanceDocument): StackState {
  if (document.onboarding_finished) return 'onboarded';
  return document.register_token ? 'onboarding' : 'pending';
}

/**
 * Reasons with which a stack blocks an instance that it fills, or moves to another place
 * (`docs/cozy-data.md` §6.3).
 */
const MOVING_REASONS: ReadonlySet<string | undefined> = new Set(['IMPORTING', 'MOVING']);

/** Whether a stack is writing all of its databases and files, so that it cannot be said what they lack. */
export function isBeingMoved({ blocked, blocking_reason: reason }: InstanceDocument): boolean {
  return blocked === true && MOVING_REASONS.has(reason);
}

/** What `auth_mode` is in a document, by the names that people use. */
export const AUTH_MODE_NUMBERS: Readonly<Record<AuthMode, number>> = {
  basic: 0,
  two_factor_mail: 1,
  two_factor_oidc: 2,
};

/** Where the passphrase of a new instance comes from: its operator, chance, or nowhere. */
export type PassphraseSource = 'given' | 'random' | 'none';

/**
 * Whether a passphrase is registered at creation, and which: where people come in by other means
 * (OIDC, FranceConnect, magic link) a random one that is shown to nobody, even if one was given
 * (`docs/cozy-data.md` §2.2).
 *
 * @param forcesOidc whether the instance has a context, and that context has
 *   `disable_password_authentication: true`.
 */
export function passphraseSource(options: InstanceOptions, forcesOidc: boolean): PassphraseSource {
  if (forcesOidc || options.franceconnectId || options.magicLink) return 'random';
  return options.hasPassphrase ? 'given' : 'none';
}
