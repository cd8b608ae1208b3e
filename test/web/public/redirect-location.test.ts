import { expect } from 'chai';
import { redirectLocation } from '../../../src/web/public/redirect-location.ts';

describe('the address of a redirect', () => {
  it('has the path and the query that were asked for, as they were', () => {
    expect(redirectLocation('https', 'new.org', '/a%20b/?x=1&y=%0D#z')).to.equal(
      'https://new.org/a%20b/?x=1&y=%0D#z',
    );
  });

  it('leads to no other host, whatever the path', () => {
    for (const target of ['//evil.org/', '/\\evil.org', '/@evil.org', '/:80@evil.org', '/..//evil.org']) {
      expect(new URL(redirectLocation('http', 'new.org', target)).host, target).to.equal('new.org');
    }
  });

  it('has nothing in it that could end a header', () => {
    const location = redirectLocation('https', 'new.org', '/\r\nSet-Cookie: a=b\u0000\u00e9\u007f');
    expect(location).to.equal('https://new.org/%0D%0ASet-Cookie:%20a=b%00%E9%7F');
  });
});
