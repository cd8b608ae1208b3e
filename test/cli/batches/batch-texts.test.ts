import { expect } from 'chai';
import { batchFacts } from '../../../src/cli/batches/batch-texts.ts';
import { sampleBatch } from '../../support/sample-batch.ts';

describe('the facts of a batch', () => {
  it('say how many of its rows were queued where it was cut short', () => {
    const whole = batchFacts(sampleBatch({}, { total: 900 }), []);
    expect(whole.find((line) => line.startsWith('Rows'))).to.match(/ 900$/);
    const cut = batchFacts(sampleBatch({}, { total: 900, ordered: 2000 }), []);
    expect(cut.find((line) => line.startsWith('Rows'))).to.match(/ 900 of 2,000 queued$/);
  });

  it('say why it was stopped, in one line', () => {
    const lines = batchFacts(sampleBatch({}, { halt: 'cancelled', haltReason: 'wrong\nfile' }), []);
    expect(lines.find((line) => line.startsWith('State'))).to.match(/ running \(cancelled: wrong file\)$/);
    const silent = batchFacts(sampleBatch({}, { halt: 'cancelled' }), []);
    expect(silent.find((line) => line.startsWith('State'))).to.match(/ running \(cancelled\)$/);
  });
});
