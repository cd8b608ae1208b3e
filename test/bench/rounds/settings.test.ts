import { expect } from 'chai';
import { readSettings } from '../../../bench/rounds/settings.ts';

describe('the settings of the benchmark', () => {
  it('measure both operations of both sides in ten rounds by themselves', () => {
    expect(readSettings([])).to.deep.include({
      only: ['create', 'destroy'],
      sides: ['raw', 'queue'],
      rounds: 10,
      ken: 'on',
    });
  });

  it('add a stack where its admin API is named', () => {
    expect(readSettings(['--peer', 'http://127.0.0.1:6060'])?.sides).to.deep.equal(['raw', 'queue', 'stack']);
  });

  it('take the operations in the order in which they can be done', () => {
    expect(readSettings(['--only', 'destroy, create'])?.only).to.deep.equal(['create', 'destroy']);
  });

  it('are not read where only the usage is asked for', () => {
    expect(readSettings(['--help'])).to.equal(undefined);
  });

  for (const [argv, words] of [
    [['--only', 'repair'], '--only knows create, destroy, not repair'],
    [['--rounds', '0'], '--rounds must be a whole number above 0, not 0'],
    [['--ken', 'maybe'], '--ken must be on or off, not maybe'],
    [['--peer', 'nowhere'], '--peer must be a URL, not nowhere'],
    [['--sides', 'stack'], '--sides stack needs --peer'],
    [['--claims', '50'], '--claims needs --sides pool'],
  ] as const) {
    it(`refuse ${argv.join(' ')}`, () => {
      expect(() => readSettings(argv)).to.throw(words);
    });
  }
});
