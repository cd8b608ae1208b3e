import { expect } from 'chai';
import { batchFacts, summaryLines } from '../../../src/cli/batches/batch-texts.ts';
import { sampleBatch } from '../../support/sample-batch.ts';

describe('the facts of a batch', () => {
  it('say how many of its rows were queued where it was cut short', () => {
    const whole = batchFacts(sampleBatch({}, { total: 900 }), []);
    expect(whole.find((line) => line.startsWith('Rows'))).to.match(/ 900$/);
    const cut = batchFacts(sampleBatch({}, { total: 900, ordered: 2000 }), []);
    expect(cut.find((line) => line.startsWith('Rows'))).to.match(/ 900 of 2,000 queued$/);
  });

  it('say of how many of its rows services were not told, and where to see which', () => {
    const batch = sampleBatch({ done: 1200 }, { kind: 'modify', endedAt: 1, untold: 3 });
    expect(batchFacts(batch, []).find((line) => line.includes('not all told'))).to.match(/ 3$/);
    expect(summaryLines(batch).join('\n')).to.include(
      'Of 3 not all services were told.\nSee which:        cozy-fleet batches export 7Q2K4',
    );
    expect(batchFacts(sampleBatch({}), []).join()).not.to.include('told');
  });

  it('say why it was stopped, in one line', () => {
    const lines = batchFacts(sampleBatch({}, { halt: 'cancelled', haltReason: 'wrong\nfile' }), []);
    expect(lines.find((line) => line.startsWith('State'))).to.match(/ running \(cancelled: wrong file\)$/);
    const silent = batchFacts(sampleBatch({}, { halt: 'cancelled' }), []);
    expect(silent.find((line) => line.startsWith('State'))).to.match(/ running \(cancelled\)$/);
  });
});
