import { expect } from 'chai';
import { tlsFault } from '../../src/couchdb/tls-fault.ts';

const withCode = (code: string) => Object.assign(new Error('routines:ssl3_read_bytes'), { code });

describe('a fault of TLS', () => {
  const named: readonly [string, RegExp][] = [
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /authority that is not known/],
    ['CERT_NOT_YET_VALID', /not valid yet/],
    ['CERT_REVOKED', /not valid \(CERT_REVOKED\)/],
    ['INVALID_CA', /not valid/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /does not accept our certificate/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', /does not accept our certificate/],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', /does not accept our certificate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /certificate of ours/],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /does not speak TLS/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /cannot be talked to over TLS/],
    ['EPROTO', /cannot be talked to over TLS/],
  ];
  for (const [code, problem] of named) {
    it(`is told from ${code}, with what to do`, () => {
      const fault = tlsFault(withCode(code));
      expect(fault?.problem).to.match(problem);
      expect(fault?.advice).to.match(/\.$/);
    });
  }

  it('is found below what a client makes of it', () => {
    const cause = new AggregateError([withCode('ECONNREFUSED'), withCode('CERT_HAS_EXPIRED')]);
    expect(tlsFault(new TypeError('fetch failed', { cause }))?.problem).to.match(/expired/);
  });

  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'ENOTFOUND',
    'UND_ERR_SOCKET',
    'CERTAINLY_NOT',
  ]) {
    it(`is not seen in ${code}`, () => {
      expect(tlsFault(withCode(code))).to.equal(undefined);
    });
  }

  it('is not seen in what is no error', () => {
    expect(tlsFault('CERT_HAS_EXPIRED')).to.equal(undefined);
  });
});
