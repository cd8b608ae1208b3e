import { expect } from 'chai';
import { holdsOf } from '../../../src/operations/batches/holds.ts';
import { sampleBatch, sampleWorker } from '../../support/sample-batch.ts';

describe('what keeps a batch from going on, as far as it is known', () => {
  const running = sampleBatch({ active: 1 });

  it('is nothing where a worker works at it', () => {
    expect(holdsOf(running, [sampleWorker()])).to.deep.equal([]);
  });

  it('is that no worker is there', () => {
    expect(holdsOf(running, [])).to.deep.equal([{ hold: 'no-worker' }]);
  });

  it('is what workers wait for, each thing once', () => {
    const workers = ['CouchDB a:1', 'CouchDB a:1', ''].map(sampleWorker);
    expect(holdsOf(running, workers)).to.deep.equal([{ hold: 'workers-wait', waitsFor: ['CouchDB a:1'] }]);
  });

  it('is what rows wait for that no worker tells of itself', () => {
    const example = { row: 2, domain: 'a.example.org', message: 'it is not there', advice: '' };
    const rows = { stage: 'export', code: 'export_place', rows: 1, hosts: ['h'], example };
    expect(holdsOf(running, [sampleWorker()], undefined, [rows])).to.deep.equal([
      { hold: 'rows-wait', rows },
    ]);
  });

  it('is a queue that somebody has paused, or something else than cozy-fleet', () => {
    const who = { by: 'a@b', reason: 'upgrade', at: 0 };
    expect(holdsOf(running, [sampleWorker()], { who })).to.deep.equal([
      { hold: 'queue-paused', by: 'a@b', reason: 'upgrade' },
    ]);
    expect(holdsOf(running, [sampleWorker()], {})).to.deep.equal([
      { hold: 'queue-paused', by: 'somebody else', reason: '' },
    ]);
  });

  it('is what somebody wanted of the batch itself', () => {
    const pause = { by: 'a@b', at: 0, reason: '' };
    const paused = sampleBatch({}, { steering: { ...running.steering, pause } });
    expect(holdsOf(paused, [sampleWorker()])).to.deep.equal([
      { hold: 'held', why: { kind: 'paused', ...pause }, batchId: paused.id },
    ]);
  });

  it('is nothing any more once it has ended', () => {
    expect(holdsOf(sampleBatch({ done: 1200 }, { endedAt: 1 }), [])).to.deep.equal([]);
  });
});
