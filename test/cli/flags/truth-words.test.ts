import { expect } from 'chai';
import { changeFlags } from '../../../src/cli/flags/change-flags.ts';
import { instanceFlags } from '../../../src/cli/flags/instance-flags.ts';
import { plainTruths } from '../../../src/cli/flags/truth-words.ts';

describe('flags that are true or false', () => {
  it('may be given a truth, as to the stack', () => {
    const argv = ['a.example.org', '--blocked=true', '--magic_link=false', '--locale=true'];
    expect(plainTruths(argv, instanceFlags)).to.deep.equal(['a.example.org', '--blocked', '--locale=true']);
  });

  it('keep a false that is not the same as nothing', () => {
    const argv = [
      'a.example.org',
      '--blocked=false',
      '--magic_link=T',
      '--no-deleting',
      '--locale=false',
      '--toString=true',
    ];
    expect(plainTruths(argv, changeFlags)).to.deep.equal([
      'a.example.org',
      '--no-blocked',
      '--magic_link',
      '--no-deleting',
      '--locale=false',
      '--toString=true',
    ]);
  });

  for (const [word, message] of [
    ['--blocked=maybe', '"maybe" is neither true nor false'],
    ['--blocked=', '"" is neither true nor false'],
    ['--no-blocked=maybe', '"maybe" is neither true nor false'],
    ['-f=maybe', '"maybe" is neither true nor false'],
  ] as const) {
    it(`are refused with anything else: ${word}`, () => {
      const flags = { ...changeFlags, follow: { type: 'boolean', char: 'f' } };
      expect(() => plainTruths(['a.example.org', word], flags)).to.throw(message);
    });
  }

  it('do not show what may be a passphrase', () => {
    expect(() =>
      plainTruths(['--passphrase-stdin=hush'], { 'passphrase-stdin': { type: 'boolean' } }),
    ).to.throw('what it is given is neither');
  });

  for (const words of [
    ['--blocked', '--blocked=false'],
    ['--blocked', '--no-blocked'],
    ['--blocked', '--blocked'],
  ]) {
    it(`are refused twice: ${words.join(' ')}`, () => {
      expect(() => plainTruths(words, changeFlags)).to.throw('Flag --blocked can only be specified once');
    });
  }

  it('are not looked for in the value of another flag, nor after the end of flags', () => {
    const argv = ['--blocked', '--public-name', '--blocked=maybe', '--', '--blocked=maybe'];
    expect(plainTruths(argv, changeFlags)).to.deep.equal(argv);
  });
});
