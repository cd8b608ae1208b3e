import { expect } from 'chai';
import { clientOf, trustedBy } from '../../../src/web/http/client-of.ts';
import { cpuTime } from '../../support/cpu-time.ts';

describe('the client behind proxies', () => {
  const trusts = trustedBy(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);
  const of = (peer: string, forwardedFor: string, forwardedProto = '') =>
    clientOf({ peer, forwardedFor, forwardedProto }, trusts);

  it('is the other end, which nobody is believed about', () => {
    expect(of('192.0.2.1', '198.51.100.7', 'https')).to.deep.equal({ address: '192.0.2.1', scheme: 'http' });
  });

  it('is whom a trusted proxy names', () => {
    expect(of('127.0.0.1', '198.51.100.7', 'https')).to.deep.equal({
      address: '198.51.100.7',
      scheme: 'https',
    });
    expect(of('fd00::1', '2001:db8::7').address).to.equal('2001:db8::7');
    expect(of('::ffff:10.1.2.3', '198.51.100.7').address).to.equal('198.51.100.7');
  });

  it('is the last one that no trusted proxy is, not what that one says', () => {
    expect(of('10.0.0.1', '203.0.113.5, 198.51.100.7, 10.0.0.2').address).to.equal('198.51.100.7');
  });

  it('is the proxy where it names nobody, or nonsense', () => {
    for (const forwarded of ['', ' , ,', 'unknown', '<b>', '300.1.1.1']) {
      expect(of('10.0.0.1', forwarded).address, forwarded).to.equal('10.0.0.1');
    }
  });

  it('comes by HTTP, unless it is said to come by HTTPS', () => {
    for (const scheme of ['', 'http', 'wss', 'javascript:'])
      expect(of('10.0.0.1', '', scheme).scheme).to.equal('http');
    expect(of('10.0.0.1', '', 'http, HTTPS').scheme).to.equal('https');
  });

  it('is found soon in a header of any length', () => {
    expect(cpuTime(() => of('10.0.0.1', '10.0.0.2,'.repeat(1_700)))).to.be.below(100);
  });
});
