import { expect } from 'chai';
import { networkOf } from '../../../src/web/http/network-of.ts';

describe('networkOf', () => {
  it('is the address for IPv4, in whatever form it comes', () => {
    expect(networkOf('198.51.100.7')).to.equal('198.51.100.7');
    expect(networkOf('::ffff:198.51.100.7')).to.equal('198.51.100.7');
  });

  it('is the first half of the address for IPv6', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).to.equal(networkOf('2001:db8:1:2::'));
    expect(networkOf('2001:db8:1:2::')).not.to.equal(networkOf('2001:db8:1:3::'));
  });

  it('is one for all that is no address', () => {
    expect(networkOf('')).to.equal(networkOf('\n{}:name:x'));
  });
});
