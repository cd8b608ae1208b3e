import { z } from 'zod';
import { readExchange } from './answers.ts';
import { isCredentialFailure } from './errors.ts';
import type { LoginOutcome } from './login-gate.ts';
import type { Exchange } from './transport.ts';

/** How long an answer to a login is waited for, in milliseconds. */
export const LOGIN_TIMEOUT = 5_000;

/** CouchDB greets also whom it does not know, but without a name. */
const session = { schema: z.object({ ok: z.literal(true), userCtx: z.object({ name: z.string() }) }) };

/** What an answer to `GET /_session` says about our user and password, in CouchDB's own words only. */
export function loginOutcome(exchange: Exchange): LoginOutcome {
  const reading = readExchange(exchange, session);
  if ('value' in reading) return 'accepted';
  return isCredentialFailure(reading.refused) ? 'refused' : 'unknown';
}
