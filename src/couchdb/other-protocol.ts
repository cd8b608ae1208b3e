import * as http from 'node:http';
import { connect } from 'node:tls';
import { errnoOf } from '../errno.ts';
import type { TlsFault } from './tls-fault.ts';

/** Where a server listens. */
export interface Address {
  readonly hostname: string;
  readonly port: string;
  readonly isSecure: boolean;
}

const ONE_OF_US_SPEAKS_TLS = {
  server: {
    problem: 'speaks TLS, and couchdb.url begins with http://',
    advice: 'Let couchdb.url begin with https://, or name the port that is without TLS.',
  },
  we: {
    problem: 'does not speak TLS, and couchdb.url begins with https://',
    advice: 'Let couchdb.url begin with http://, or name the port that has TLS.',
  },
} as const;

/** How long the other way is waited for, in milliseconds: a server that is there answers at once. */
const TIMEOUT_MS = 1_000;

/** What comes of it when a server does not understand us; many wait for more, and say nothing at all. */
function isMisunderstanding(thrown: unknown): boolean {
  const code = String(errnoOf(thrown) ?? '');
  const isLate = thrown instanceof Error && thrown.name === 'TimeoutError';
  return isLate || code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_');
}

/**
 * Why a server does not answer, where it speaks TLS and we do not, or the other way round; CouchDB itself
 * refuses neither in words. Looks for itself, and sends no credentials.
 * @param thrown what our way ended with
 */
export async function wrongProtocol(thrown: unknown, address: Address): Promise<TlsFault | undefined> {
  if (!isMisunderstanding(thrown)) return undefined;
  const answers = address.isSecure ? answersHttp : answersTls;
  if (!(await answers(address, AbortSignal.timeout(TIMEOUT_MS)))) return undefined;
  return address.isSecure ? ONE_OF_US_SPEAKS_TLS.we : ONE_OF_US_SPEAKS_TLS.server;
}

function answersHttp({ hostname, port }: Address, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ hostname, port, path: '/_up', agent: false, signal }, (response) => {
      response.resume();
      resolve(true);
    });
    request.on('error', () => resolve(false));
  });
}

function answersTls({ hostname, port }: Address, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent, so that it does not matter which server it is.
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('secureConnect', () => end(true));
    socket.on('error', () => end(false));
    signal.addEventListener('abort', () => end(false), { once: true });
  });
}
