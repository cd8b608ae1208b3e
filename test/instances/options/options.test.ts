import { expect } from 'chai';
import { type InstanceOptions, optionsHash } from '../../../src/instances/options/options.ts';

const OPTIONS: InstanceOptions = {
  domain: 'alice.example.com',
  aliases: [],
  locale: 'en',
  settings: { email: 'alice@example.com', tz: 'Europe/Paris' },
  apps: [],
  hasPassphrase: false,
};

describe('optionsHash', () => {
  it('is 16 hex digits, the same from one release to the next', () => {
    expect(optionsHash(OPTIONS)).to.equal('add0a978e03d614d');
  });

  it('does not depend on the order of keys', () => {
    const { domain, locale, ...rest } = OPTIONS;
    const settings = { tz: 'Europe/Paris', email: 'alice@example.com' };
    expect(optionsHash({ ...rest, settings, locale, domain })).to.equal(optionsHash(OPTIONS));
  });

  it('takes undefined for absent', () => {
    expect(optionsHash({ ...OPTIONS, uuid: undefined })).to.equal(optionsHash(OPTIONS));
  });

  it('does not depend on the apps', () => {
    expect(optionsHash({ ...OPTIONS, apps: ['drive'] })).to.equal(optionsHash(OPTIONS));
  });

  it('depends on everything else', () => {
    const others: InstanceOptions[] = [
      { ...OPTIONS, domain: 'bob.example.com' },
      { ...OPTIONS, aliases: ['a.example.com'] },
      { ...OPTIONS, settings: { tz: 'Europe/Paris' } },
      { ...OPTIONS, hasPassphrase: true },
      { ...OPTIONS, diskQuota: 1 },
    ];
    expect(new Set([OPTIONS, ...others].map(optionsHash))).to.have.lengthOf(6);
  });
});
