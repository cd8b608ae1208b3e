import { expect } from 'chai';
import stringWidth from 'string-width';
import {
  attention,
  batchTitle,
  progressBlock,
  progressLine,
} from '../../../src/cli/batches/progress-text.ts';
import { oneLine } from '../../../src/safe-text.ts';
import { sampleBatch, sampleView, sampleWorker } from '../../support/sample-batch.ts';

const workers = [sampleWorker(), sampleWorker(), sampleWorker(), sampleWorker()];
const counts = { done: 842, failed: 3, retrying: 5, skipped: 12 };

describe('progress of a batch', () => {
  it('is a block on a terminal', () => {
    const view = sampleView({ batch: sampleBatch(counts), workers, rate: 11.9 });
    expect(progressBlock(view, 120)).to.deep.equal([
      'Batch 7Q2K4  "school.csv"   1,200 instances   4 workers',
      '  created   ██████████████████░░░░░░░░  842/1200   11.9/s   about 29 s left',
      '  failed 3   retrying 5   skipped (already there) 12',
    ]);
  });

  it('never is wider than the terminal', () => {
    const view = sampleView({ batch: sampleBatch(counts), workers, rate: 11.9 });
    for (const line of progressBlock(view, 40)) expect([...line].length).to.be.below(40);
  });

  it('never is wider than the terminal where its name takes two columns a character', () => {
    const view = sampleView({
      batch: sampleBatch(counts, { name: '新入生のインスタンスを作る'.repeat(4) }),
      workers,
      rate: 1,
    });
    for (const columns of [30, 60, 100]) {
      for (const line of progressBlock(view, columns)) expect(stringWidth(line)).to.be.below(columns);
    }
    expect(stringWidth(batchTitle(view.batch))).to.be.below(90);
  });

  it('shows a name of others without what would steer the terminal', () => {
    const batch = sampleBatch(counts, { name: 'a\u001b[2J\nb' });
    expect(batchTitle(batch)).to.contain('"a [2J b"');
    for (const line of progressBlock(sampleView({ batch, workers, rate: 1 }), 120))
      expect(oneLine(line)).to.equal(line);
    expect(
      attention(sampleView({ batch, workers: [sampleWorker('db\u001b[1A')], rate: 1 })).join(),
    ).not.to.contain('\u001b');
  });

  it('is a line in a log', () => {
    const view = sampleView({ batch: sampleBatch(counts), workers, rate: 11.9 });
    expect(progressLine(view)).to.equal(
      'created 842/1200, failed 3, retrying 5, skipped 12 (11.9/s, about 29 s left) 4 workers',
    );
  });

  it('says where rows are that are worked on, and for how long others have waited', () => {
    const view = sampleView({
      batch: sampleBatch({ ...counts, active: 5 }),
      workers,
      rate: undefined,
      activeByStage: [
        { stage: '', rows: 1 },
        { stage: 'databases', rows: 3 },
        { stage: 'apps', rows: 1 },
      ],
      oldestWaitingMs: 125_000,
    });
    const work = 'at work: beginning 1, databases 3, apps 1';
    expect(progressLine(view)).to.equal(
      `created 842/1200, failed 3, retrying 5, skipped 12 ${work}, the oldest waits for 2 min, 4 workers`,
    );
    expect(progressBlock(view, 120).slice(3)).to.deep.equal([`  ${work}`, '  the oldest waits for 2 min']);
  });

  it('says nothing of work and workers once it has ended', () => {
    const view = sampleView({ batch: sampleBatch({ done: 1200 }, { endedAt: 1 }), workers, rate: 2 });
    expect(progressLine(view)).to.match(/skipped 0 \(2\.0\/s\)$/);
  });

  it('has no time left where more rows have ended than there are', () => {
    const batch = sampleBatch({ done: 1200, failed: 1 });
    expect(progressLine(sampleView({ batch, workers, rate: 2 }))).to.match(/\(2\.0\/s\) 4 workers$/);
  });

  it('says how much of the file is queued', () => {
    const view = sampleView({ batch: sampleBatch({ waiting: 500 }), workers, rate: undefined });
    expect(progressLine(view)).to.equal(
      'created 0/1200, failed 0, retrying 0, skipped 0 (500 of 1,200 queued) 4 workers',
    );
  });

  it('says when there is no worker', () => {
    const view = sampleView({ batch: sampleBatch({}), workers: [], rate: undefined });
    expect(attention(view)).to.deep.equal(['No worker is running. Start one: cozy-fleet workers start']);
  });

  it('says what the workers wait for, once', () => {
    const waiting = [sampleWorker('CouchDB db:5984'), sampleWorker('CouchDB db:5984')];
    const view = sampleView({ batch: sampleBatch({}), workers: waiting, rate: undefined });
    expect(attention(view)).to.deep.equal(['The workers wait for CouchDB db:5984.']);
  });

  it('says that a batch was stopped', () => {
    const view = sampleView({ batch: sampleBatch({}, { halt: 'cancelled' }), workers, rate: undefined });
    expect(attention(view)).to.deep.equal(['Stopped (cancelled): waiting rows are passed over.']);
  });
});
