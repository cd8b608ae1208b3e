import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import { signalWithin } from '../signal-within.ts';
import { isObject } from './answers.ts';
import { wrongProtocol } from './other-protocol.ts';
import { type Connector, SecureAgent } from './tls.ts';
import { type TlsFault, tlsFault } from './tls-fault.ts';

/** Why a CouchDB cannot be worked with; `reason` goes after its name in a sentence. */
export interface HealthProblem {
  /** `down`: something was answered, but not that it is up. */
  readonly state: 'down' | 'silent';
  readonly reason: string;
  /** Where TLS is why there was no answer. */
  readonly fault?: TlsFault | undefined;
}

/** Whether a CouchDB can be worked with. */
export type Health = { readonly state: 'up' } | HealthProblem;

/** Asks a CouchDB how it is, without credentials: so it never counts as a failed login. */
export interface HealthProbe {
  /** @throws the signal's reason */
  ask(signal?: AbortSignal): Promise<Health>;
  close(): void;
}

/** How long a probe waits, in milliseconds: an answer later than this is as good as none. */
export const PROBE_TIMEOUT_MS = 2_000;

/** @param url of the server; its credentials are left out */
export function createHealthProbe(url: string, connect: Connector): HealthProbe {
  const { protocol, hostname, port, pathname } = new URL(url);
  const isSecure = protocol === 'https:';
  // Each on a connection of its own: a kept one may be dead without the server being so.
  const agent = isSecure ? new SecureAgent(connect, {}) : new http.Agent();
  const address = {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port || (isSecure ? '443' : '80'),
    isSecure,
  };
  const options = {
    agent,
    hostname: address.hostname,
    port: address.port,
    path: `${pathname.replace(/\/$/, '')}/_up`,
    headers: { accept: 'application/json' },
  };
  const get = isSecure ? https.get : http.get;

  function send(signal: AbortSignal): Promise<Health> {
    return new Promise((resolve, reject) => {
      const request = get({ ...options, signal }, (response) => {
        text(response).then((body) => resolve(healthOf(response.statusCode ?? 0, body)), reject);
      });
      request.on('error', reject);
      // One that has no socket yet would tell of its end only when it gets one.
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  return {
    async ask(signal) {
      try {
        return await send(probeSignal(signal));
      } catch (thrown) {
        signal?.throwIfAborted();
        const fault = tlsFault(thrown) ?? (await wrongProtocol(thrown, address));
        signal?.throwIfAborted();
        return { state: 'silent', reason: fault?.problem ?? 'does not answer', fault };
      }
    },
    close: () => agent.destroy(),
  };
}

/** Ends with the signal, and when a probe has waited long enough. */
export function probeSignal(signal: AbortSignal | undefined): AbortSignal {
  return signalWithin(PROBE_TIMEOUT_MS, signal);
}

/**
 * What an answer to `/_up` says. One that wants credentials is CouchDB's own and therefore up
 * (`require_valid_user`); one that has a `status` and is a 404 wants to be left alone. Anything else
 * comes from something before it, such as a proxy.
 */
function healthOf(status: number, said: string): Health {
  const body = parsed(said);
  if (isObject(body)) {
    const { status: state, error, reason } = body;
    if (status === 200 && state === 'ok') return { state: 'up' };
    if (status === 401 && error === 'unauthorized' && typeof reason === 'string') return { state: 'up' };
    if (status === 404 && typeof state === 'string' && error === undefined) {
      return { state: 'down', reason: `says that it is not to be used (${state.slice(0, 40)})` };
    }
  }
  return { state: 'down', reason: `answers ${status} to /_up, and not in CouchDB's words` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
