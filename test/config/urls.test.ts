import { expect } from 'chai';
import { couchHost, redactUrl } from '../../src/config/urls.ts';

describe('redactUrl', () => {
  it('drops user and password', () => {
    expect(redactUrl('https://admin:s3cret@couch.example.org:6984/db/')).to.equal(
      'https://couch.example.org:6984/db',
    );
    expect(redactUrl('redis://:s3cret@localhost:6379/2')).to.equal('redis://localhost:6379/2');
  });

  it('drops the query', () => {
    expect(redactUrl('swift://openstack/?Password=s3cret')).to.equal('swift://openstack');
  });

  it('does not repeat what is no URL', () => {
    expect(redactUrl('http://u:s3/cret@h')).not.to.contain('s3');
  });
});

describe('couchHost', () => {
  it('is host and port', () => {
    expect(couchHost('http://admin:s3cret@couch:5984/x')).to.equal('couch:5984');
  });
});
