import { expect } from 'chai';
import { soundTime } from '../../../src/jobs/dates/earlier-clock.ts';

const AT = 1_800_000_000_000;

describe('the time by which dates are carried out', () => {
  for (const [what, said, asked, expected] of [
    ['is CouchDB’s where ours is ahead', AT, AT + 60_000, AT],
    ['is ours where CouchDB’s is ahead', AT + 60_000, AT, AT],
    ['is still known where clocks are five minutes apart', AT, AT + 300_000, AT],
  ] as const) {
    it(what, () => {
      expect(soundTime({ said, asked, answered: asked })).to.deep.equal({ now: expected });
    });
  }

  it('is not lost by an answer that took its time', () => {
    expect(soundTime({ said: AT + 400_000, asked: AT, answered: AT + 400_000 })).to.deep.equal({ now: AT });
  });

  for (const [what, said, asked, problem] of [
    [
      'ours is an hour ahead',
      AT,
      AT + 3_600_000,
      'the clock of CouchDB is 60 min behind the one of this machine',
    ],
    [
      'CouchDB’s is an hour ahead',
      AT + 3_600_000,
      AT,
      'the clock of CouchDB is 60 min ahead of the one of this machine',
    ],
    ['CouchDB does not say it', undefined, AT, 'CouchDB, or what stands before it, does not say the time'],
  ] as const) {
    it(`is not known where ${what}`, () => {
      expect(soundTime({ said, asked, answered: asked })).to.deep.equal({ problem });
    });
  }
});
