import { expect } from 'chai';
import { appHost } from '../../../../src/operations/instances/care/session-links.ts';

describe('the host of an application', () => {
  it('is below that of the instance, or beside it', () => {
    expect(appHost('alice.example.org:8080', 'home', 'nested')).to.equal('home.alice.example.org:8080');
    expect(appHost('alice.example.org:8080', 'home', 'flat')).to.equal('alice-home.example.org:8080');
  });
});
