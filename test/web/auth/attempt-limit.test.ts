import { expect } from 'chai';
import { createAttemptLimit } from '../../../src/web/auth/attempt-limit.ts';

describe('a limit of attempts', () => {
  let clock = 0;
  const limit = () => createAttemptLimit({ attempts: 2, windowMs: 1000, clients: 3, now: () => clock });

  beforeEach(() => {
    clock = 0;
  });

  it('takes attempts again when its time is over', () => {
    const { begin } = limit();
    expect([begin('a'), begin('a'), begin('a')]).to.deep.equal([true, true, false]);
    clock = 999;
    expect(begin('a')).to.equal(false);
    clock = 1000;
    expect(begin('a')).to.equal(true);
  });

  it('does not count what is forgiven', () => {
    const { begin, forgive } = limit();
    for (let at = 0; at < 5; at += 1) {
      expect(begin('a')).to.equal(true);
      forgive('a');
    }
  });

  it('remembers no more clients than it was told to', () => {
    const { begin } = limit();
    for (const client of ['a', 'a', 'b', 'c', 'd']) begin(client);
    expect(begin('a')).to.equal(true);
  });
});
