import { expect } from 'chai';
import { clockText, holdOf, holdsOf, holdText, waitsAfterCanary } from '../../../src/jobs/batches/hold-of.ts';
import { NO_STEERING, type Steering } from '../../../src/jobs/batches/steering.ts';
import { batchState, batchSummary } from '../../../src/operations/batches/batch-state.ts';
import { oneLine } from '../../../src/safe-text.ts';
import { sampleBatch } from '../../support/sample-batch.ts';

const NOON = Date.parse('2026-11-27T12:00:00Z');

const WINDOW = { from: '22:00', until: '06:00', zone: 'UTC' };

function held(steering: Partial<Steering>, changes: Parameters<typeof sampleBatch>[1] = {}) {
  return sampleBatch({}, { steering: { ...NO_STEERING, ...steering }, ...changes });
}

describe('what holds a batch', () => {
  it('is nothing where nothing is set, and a limit is no hold', () => {
    expect(holdOf(held({}), NOON)).to.equal(undefined);
    expect(holdOf(held({ rate: 5, concurrency: 2 }), NOON)).to.equal(undefined);
  });

  it('is a pause, with who and why', () => {
    const batch = held({ pause: { by: 'me@ops', at: 5, reason: 'lunch' } });
    const hold = { kind: 'paused', by: 'me@ops', at: 5, reason: 'lunch' };
    expect(holdOf(batch, NOON)).to.deep.equal(hold);
    expect(batchState(batch, NOON)).to.equal('held');
  });

  it('is a window until it opens', () => {
    const batch = held({ window: WINDOW });
    const opensAt = Date.parse('2026-11-27T22:00:00Z');
    const hold = { kind: 'window', opensAt, window: '22:00-06:00 UTC' } as const;
    expect(holdOf(batch, NOON)).to.deep.equal(hold);
    const opening = clockText(opensAt);
    expect(holdText(hold)).to.equal(`outside of its window 22:00-06:00 UTC, which opens on ${opening}`);
    expect(clockText(opensAt, 'Europe/Paris')).to.equal('2026-11-27 23:00 Europe/Paris');
    expect(holdOf(batch, opensAt)).to.equal(undefined);
    expect(batchState(batch, opensAt)).to.equal('running');
  });

  it('is its time until that has come', () => {
    const batch = held({ notBefore: NOON + 60_000 });
    expect(holdOf(batch, NOON)).to.deep.equal({ kind: 'not-before', at: NOON + 60_000 });
    expect(holdOf(batch, NOON + 60_000)).to.equal(undefined);
  });

  it('is a canary from the beginning, though the batch stands still only after it', () => {
    const begun = held({ canary: 5, canaryEnded: 4 });
    expect(holdOf(begun, NOON)).to.deep.equal({ kind: 'canary', rows: 5, ended: 4 });
    expect(batchState(begun, NOON)).to.equal('running');
    expect(waitsAfterCanary(begun)).to.equal(false);
    const ended = held({ canary: 5, canaryEnded: 5 });
    expect(batchState(ended, NOON)).to.equal('held');
    expect(waitsAfterCanary(ended)).to.equal(true);
  });

  it('is told whole where several things do', () => {
    const pause = { by: 'me', at: 1, reason: '' };
    const all = held({ pause, window: WINDOW, notBefore: NOON + 1, canary: 1 });
    const kinds = holdsOf(all, NOON).map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['paused', 'not-before', 'window', 'canary']);
  });

  it('is nothing where the batch has ended or was stopped, for nothing waits then', () => {
    const pause = { by: 'me', at: 1, reason: '' };
    expect(holdOf(held({ pause }, { endedAt: 1 }), NOON)).to.equal(undefined);
    expect(holdOf(held({ pause }, { halt: 'cancelled' }), NOON)).to.equal(undefined);
  });

  it('is told to programs with what is set', () => {
    const batch = held({ window: WINDOW, rate: 2 }, { maxFailures: 60, maxFailuresPercent: 5 });
    const { steering, hold } = batchSummary(batch, NOON);
    expect(steering).to.deep.equal({
      rate: 2,
      window: '22:00-06:00 UTC',
      maxFailures: 60,
      maxFailuresPercent: 5,
    });
    expect(hold).to.deep.equal({
      kind: 'window',
      opensAt: '2026-11-27T22:00:00.000Z',
      window: '22:00-06:00 UTC',
    });
  });

  it('is one line, whatever others gave as a reason', () => {
    const text = holdText({ kind: 'paused', by: 'me\n', at: 1, reason: 'a\nb\u001b[2J' });
    expect(text).to.equal(oneLine(text));
  });
});
