import { randomBytes } from 'node:crypto';
import { Signer } from '@fastify/cookie';
import type { Fleet } from '../../jobs/fleet/fleet.ts';
import type { OperatorCheck } from '../operator-check.ts';

/** Name of the cookie that keeps an operator signed in to the fleet page. */
export const SESSION_COOKIE = 'cozy-fleet-session';

/** How long one stays signed in. */
export const SESSION_SECONDS = 12 * 60 * 60;

/** An operator who has signed in; the cookie holds nothing else. */
export interface OperatorSession {
  /** Random, and kept nowhere but in the cookie until the operator signs out. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

const ID_BYTES = 16;
const CONTENT = /^(?<expiresAt>\d{10,12})\.(?<id>[\w-]{22})$/;

/** @param now milliseconds since 1970 */
export function newSession(now: number): OperatorSession {
  return {
    id: randomBytes(ID_BYTES).toString('base64url'),
    expiresAt: Math.floor(now / 1000) + SESSION_SECONDS,
  };
}

/** What the cookie holds. Another passphrase makes another key, so that all sessions of the one before end. */
export async function sealSession(operator: OperatorCheck, session: OperatorSession): Promise<string> {
  return (await signer(operator)).sign(`${session.expiresAt}.${session.id}`);
}

/** Reads a cookie; undefined where it was changed, is of another passphrase, or has ended. @param now milliseconds since 1970 */
export async function readSession(
  operator: OperatorCheck,
  cookie: string | undefined,
  now: number,
): Promise<OperatorSession | undefined> {
  if (cookie === undefined) return undefined;
  const { valid, value } = (await signer(operator)).unsign(cookie);
  const { id, expiresAt } = (valid && CONTENT.exec(value)?.groups) || {};
  if (id === undefined || Number(expiresAt) * 1000 <= now) return undefined;
  return { id, expiresAt: Number(expiresAt) };
}

/**
 * Ends a session before its time. It is remembered in Redis, for a browser or somebody else may have kept the cookie,
 * and another process may be asked next.
 */
export async function signOut({ redis, keys }: Fleet, session: OperatorSession): Promise<void> {
  await redis.set(keys.signedOut(session.id), '1', 'EX', SESSION_SECONDS);
}

/** Whether the operator has ended that session. */
export async function isSignedOut({ redis, keys }: Fleet, session: OperatorSession): Promise<boolean> {
  return (await redis.exists(keys.signedOut(session.id))) === 1;
}

async function signer(operator: OperatorCheck): Promise<Signer> {
  return new Signer(await operator.deriveKey('session'));
}
