import { expect } from 'chai';
import { holdText } from '../../../src/cli/batches/hold-texts.ts';
import type { Hold } from '../../../src/operations/batches/holds.ts';

describe('what keeps a batch from going on', () => {
  const today = new Date();
  today.setHours(22, 0, 0, 0);
  const cases: readonly (readonly [Hold, string])[] = [
    [{ hold: 'no-worker' }, 'No worker is running. Start one: cozy-fleet workers start'],
    [{ hold: 'workers-wait', waitsFor: ['a:1', 'b\n:2'] }, 'The workers wait for a:1 and b :2.'],
    [{ hold: 'halted', halt: 'cancelled', reason: '' }, 'Stopped (cancelled): waiting rows are passed over.'],
    [{ hold: 'paused', by: 'a@b', reason: 'look\nfirst' }, 'Paused by a@b: look first.'],
    [{ hold: 'queue-paused', by: 'a@b', reason: '' }, 'All work is paused by a@b.'],
    [{ hold: 'canary', done: 5, of: 5 }, 'Held: canary of 5, 5 done.'],
    [{ hold: 'outside-window', until: today.getTime() }, 'Outside its window until 22:00.'],
  ];
  for (const [hold, text] of cases) {
    it(`is told in a sentence: ${hold.hold}`, () => expect(holdText(hold)).to.equal(text));
  }

  it('is told with the day where it is not today', () => {
    const until = new Date(2030, 0, 2, 22).getTime();
    expect(holdText({ hold: 'outside-window', until })).to.equal(
      'Outside its window until 2030-01-02 22:00.',
    );
  });
});
