import { expect } from 'chai';
import { newSecrets } from '../../../src/instances/vault/secrets.ts';

const bytes = (text: string) => Buffer.from(text, 'base64').length;

describe('newSecrets', () => {
  it('have the sizes the stack expects', () => {
    const secrets = newSecrets();
    expect(bytes(secrets.register_token)).to.equal(16);
    expect(bytes(secrets.session_secret)).to.equal(64);
    expect(bytes(secrets.oauth_secret)).to.equal(128);
    expect(bytes(secrets.cli_secret)).to.equal(128);
  });

  it('are padded standard base64 of the random bytes', () => {
    expect(newSecrets((size) => Buffer.alloc(size, 0xff)).register_token).to.equal(
      '/////////////////////w==',
    );
  });

  it('are never the same twice', () => {
    expect(newSecrets().cli_secret).not.to.equal(newSecrets().cli_secret);
  });
});
