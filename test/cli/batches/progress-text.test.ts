import { expect } from 'chai';
import stringWidth from 'string-width';
import {
  attention,
  batchTitle,
  progressBlock,
  progressLine,
} from '../../../src/cli/batches/progress-text.ts';
import { oneLine } from '../../../src/safe-text.ts';
import { sampleBatch, sampleWorker } from '../../support/sample-batch.ts';

const workers = [sampleWorker(), sampleWorker(), sampleWorker(), sampleWorker()];
const counts = { done: 842, failed: 3, retrying: 5, skipped: 12 };

describe('progress of a batch', () => {
  it('is a block on a terminal', () => {
    const view = { batch: sampleBatch(counts), workers, rate: 11.9 };
    expect(progressBlock(view, 120)).to.deep.equal([
      'Batch 7Q2K4  "school.csv"   1,200 instances   4 workers',
      '  created   ██████████████████░░░░░░░░  842/1200   11.9/s   about 29 s left',
      '  failed 3   retrying 5   skipped (already there) 12',
    ]);
  });

  it('never is wider than the terminal', () => {
    const view = { batch: sampleBatch(counts), workers, rate: 11.9 };
    for (const line of progressBlock(view, 40)) expect([...line].length).to.be.below(40);
  });

  it('never is wider than the terminal where its name takes two columns a character', () => {
    const view = {
      batch: sampleBatch(counts, { name: '新入生のインスタンスを作る'.repeat(4) }),
      workers,
      rate: 1,
    };
    for (const columns of [30, 60, 100]) {
      for (const line of progressBlock(view, columns)) expect(stringWidth(line)).to.be.below(columns);
    }
    expect(stringWidth(batchTitle(view.batch))).to.be.below(90);
  });

  it('shows a name of others without what would steer the terminal', () => {
    const batch = sampleBatch(counts, { name: 'a\u001b[2J\nb' });
    expect(batchTitle(batch)).to.contain('"a [2J b"');
    for (const line of progressBlock({ batch, workers, rate: 1 }, 120)) expect(oneLine(line)).to.equal(line);
    expect(attention({ batch, workers: [sampleWorker('db\u001b[1A')], rate: 1 }).join()).not.to.contain(
      '\u001b',
    );
  });

  it('is a line in a log', () => {
    const view = { batch: sampleBatch(counts), workers, rate: 11.9 };
    expect(progressLine(view)).to.equal(
      'created 842/1200, failed 3, retrying 5, skipped 12 (11.9/s, about 29 s left)',
    );
  });

  it('has no time left where more rows have ended than there are', () => {
    const batch = sampleBatch({ done: 1200, failed: 1 });
    expect(progressLine({ batch, workers, rate: 2 })).to.match(/\(2\.0\/s\)$/);
  });

  it('says how much of the file is queued', () => {
    const view = { batch: sampleBatch({ waiting: 500 }), workers, rate: undefined };
    expect(progressLine(view)).to.equal(
      'created 0/1200, failed 0, retrying 0, skipped 0 (500 of 1,200 queued)',
    );
  });

  it('says when there is no worker', () => {
    const view = { batch: sampleBatch({}), workers: [], rate: undefined };
    expect(attention(view)).to.deep.equal(['No worker is running. Start one: cozy-fleet workers start']);
  });

  it('says what the workers wait for, once', () => {
    const waiting = [sampleWorker('CouchDB db:5984'), sampleWorker('CouchDB db:5984')];
    const view = { batch: sampleBatch({}), workers: waiting, rate: undefined };
    expect(attention(view)).to.deep.equal(['The workers wait for CouchDB db:5984.']);
  });

  it('says that a batch was stopped', () => {
    const view = { batch: sampleBatch({}, { halt: 'cancelled' }), workers, rate: undefined };
    expect(attention(view)).to.deep.equal(['Stopped (cancelled): waiting rows are passed over.']);
  });
});
