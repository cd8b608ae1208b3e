import { expect } from 'chai';
import { movedLink } from '../../../src/web/pages/moved-link.ts';

const OWN = 'alice.example.org:8080';

describe('the link to where an instance has moved', () => {
  it('leads to the root of a host, by https where nothing else is said', () => {
    expect(movedLink('alice.example.com', OWN)).to.deep.equal({
      href: 'https://alice.example.com/',
      host: 'alice.example.com',
    });
    expect(movedLink(' http://alice.example.com:8080/drive?x#y ', OWN)?.href).to.equal(
      'http://alice.example.com:8080/',
    );
  });

  it('shows names with letters of other alphabets as browsers ask for them', () => {
    expect(movedLink('éléonore.example.com', OWN)?.host).to.equal('xn--lonore-9uab.example.com');
  });

  it('is none for anything else', () => {
    const others: unknown[] = [
      undefined,
      null,
      7,
      {},
      '',
      'nowhere',
      'javascript:alert(1)',
      'javascript://example.org/%0aalert(1)',
      'data:text/html,x',
      'ftp://example.com',
      'https://user:secret@example.com',
      'https://',
      'a b.example.com',
      `https://${'x'.repeat(300)}.example.com`,
    ];
    for (const other of others) expect(movedLink(other, OWN), String(other)).to.equal(undefined);
  });

  it('never leads back', () => {
    expect(movedLink('https://alice.example.org:8080/', OWN)).to.equal(undefined);
    expect(movedLink('ALICE.example.org', 'alice.example.org')).to.equal(undefined);
  });
});
