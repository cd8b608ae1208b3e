import { errnoOf } from '../errno.ts';
import { PinMismatch } from './tls.ts';

/** Why no connection over TLS came about: a server is there, but one side does not accept the other. */
export interface TlsFault {
  /** Goes after the name of the server. */
  readonly problem: string;
  /** What the operator can do. */
  readonly advice: string;
}

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** Names that Node gives to what else OpenSSL finds wrong with a certificate. */
const BAD_CERTIFICATE =
  /^(CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|UNABLE_TO_(GET|DECODE|DECRYPT)_)/;

/** An alert by which a server refuses the certificate that we showed. */
const OURS_REFUSED =
  /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;

const WANTS_OURS = /ALERT_(CERTIFICATE_REQUIRED|NO_CERTIFICATE|HANDSHAKE_FAILURE)$/;

/** What a peer that does not speak TLS makes of our greeting. */
const NO_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNSUPPORTED_PROTOCOL)$/;

/** The fault of TLS in what a request threw, however deep; undefined when it is none. */
export function tlsFault(thrown: unknown): TlsFault | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const inner = thrown instanceof AggregateError ? thrown.errors : [];
  for (const each of [thrown.cause, ...inner]) {
    const fault = tlsFault(each);
    if (fault !== undefined) return fault;
  }
  // An aborted signal's code is a number.
  return thrown instanceof PinMismatch
    ? pinFault(thrown)
    : faultOf(String(errnoOf(thrown) ?? ''), thrown.message);
}

function pinFault({ shown }: PinMismatch): TlsFault {
  return {
    problem: `has no certificate with the key of couchdb.pinned_key; its own has ${shown}`,
    advice:
      'If its key was changed on purpose, put the new one into couchdb.pinned_key; else find out who answers there.',
  };
}

function faultOf(code: string, message: string): TlsFault | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return {
      problem: `has a certificate of an authority that is not known here (${code})`,
      advice: "Set couchdb.root_ca to a file with that authority's certificate; it replaces the system's.",
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      problem: `has a certificate for another name (${message})`,
      advice: 'Put a name of the certificate into couchdb.url, or give the server one for this name.',
    };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      problem:
        code === 'CERT_HAS_EXPIRED'
          ? 'has a certificate that has expired'
          : 'has a certificate that is not valid yet',
      advice: "Renew it, or its authority's in couchdb.root_ca; and look at the clock of this machine.",
    };
  }
  if (BAD_CERTIFICATE.test(code)) {
    return {
      problem: `has a certificate that is not valid (${code})`,
      advice: 'Look at the certificates of the server and at couchdb.root_ca.',
    };
  }
  return handshakeFault(code);
}

function handshakeFault(code: string): TlsFault | undefined {
  if (NO_TLS.test(code)) {
    return {
      problem: `does not speak TLS (${code})`,
      advice:
        'Look at the port of couchdb.url; where CouchDB itself has no TLS, the URL begins with http://.',
    };
  }
  if (WANTS_OURS.test(code)) {
    return {
      problem: `refuses the connection, and may want a certificate of ours (${code})`,
      advice: 'Set couchdb.client_cert and couchdb.client_key.',
    };
  }
  if (OURS_REFUSED.test(code)) {
    return {
      problem: `does not accept our certificate (${code})`,
      advice: 'Look at couchdb.client_cert: who signed it, and until when it is valid.',
    };
  }
  if (!code.startsWith('ERR_SSL_') && code !== 'EPROTO') return undefined;
  return {
    problem: `cannot be talked to over TLS (${code})`,
    advice: 'Look at the TLS settings of the server, and at its log.',
  };
}
