import { expect } from 'chai';
import { unknownFlagText } from '../../../src/cli/flags/unknown-flag.ts';

const KNOWN = ['locale', 'passphrase', 'json'];

describe('flags that a command does not have', () => {
  it('are told with the flag that is near', () => {
    const said = 'Nonexistent flag: --local\nSee more help with --help';
    expect(unknownFlagText(said, ['--local', 'fr'], KNOWN)).to.equal(
      'Nonexistent flag: --local\nDid you mean --locale?\nSee more help with --help',
    );
  });

  it('are told without what they were given', () => {
    const said = 'Nonexistent flags: --pasphrase=a=b\nc, -y=d\nSee more help with --help';
    expect(unknownFlagText(said, ['--pasphrase=a=b\nc', '-y=d'], KNOWN)).to.equal(
      'Nonexistent flags: --pasphrase, -y\nDid you mean --passphrase?\nSee more help with --help',
    );
  });

  it('are told alone where none is near', () => {
    const said = 'Nonexistent flag: --frobnicate\nSee more help with --help';
    expect(unknownFlagText(said, ['--frobnicate'], KNOWN)).to.equal(said);
  });

  it('are nothing that another message is about', () => {
    const said = 'Unexpected argument: --local=fr';
    expect(unknownFlagText(said, ['--local=fr'], KNOWN)).to.equal(said);
  });
});
